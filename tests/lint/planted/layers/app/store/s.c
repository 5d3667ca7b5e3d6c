/* s.c - store looking up */
#include "flow/send/send.h"
#include "io/db.h"
#include "io/http.h"
