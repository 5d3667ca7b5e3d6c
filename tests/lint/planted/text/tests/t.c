no opening comment
int n = atoi("3");
