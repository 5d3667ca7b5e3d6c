/* a.c - peer with what it may not know */
#include "peer/a.h"

#include <sqlite3.h>

#include "base/str.h"
#include "io/db.h"
#include "io/json.h"
#include "b.h"
