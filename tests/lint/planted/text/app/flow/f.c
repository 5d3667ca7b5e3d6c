/* f.c - everything that is refused */
static const char *q = "SELECT id FROM message";
static const char *w = "please select one; DELETE it"; /* sprintf( in a comment */
typedef struct x { int a; } x;
void f(char *to)
{
	strcpy(to, "sprintf("); // draft
	void *p = malloc(3);
	usleep (5);
	s.time(1); s->free(p); my_time(2);
	int64_t t = time(NULL);
}
