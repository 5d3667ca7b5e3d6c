/* two.c - second door */
#include <cJSON.h>
