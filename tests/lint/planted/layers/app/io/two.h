/* two.h - vendor header in a header */
#include <curl/curl.h>
