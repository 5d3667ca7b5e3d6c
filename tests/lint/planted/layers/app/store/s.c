/* s.c - store looking up */
#include "flow/send.h"
#include "io/db.h"
#include "io/http.h"
