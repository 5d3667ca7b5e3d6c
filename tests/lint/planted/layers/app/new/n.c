/* n.c - unknown layer */
