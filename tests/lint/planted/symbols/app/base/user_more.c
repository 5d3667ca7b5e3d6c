/* user_more.c - uses them */
int box_open(void);
int open_box(void);
int user_run(void) { return box_open() + open_box() + user_run(); }
int main(void) { return user_run(); }
