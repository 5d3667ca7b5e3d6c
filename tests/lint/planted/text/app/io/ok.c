/* ok.c - may allocate */
void *f(void) { return malloc('"'); }
const char *url = "https://example.org//x";
