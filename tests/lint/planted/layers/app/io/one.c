/* one.c - first door */
#include <cJSON.h>
