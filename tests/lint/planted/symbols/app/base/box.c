/* box.c - symbols */
int box_open(void) { return 1; }
int open_box(void) { return 2; }
int box_idle(void) { return 3; }
