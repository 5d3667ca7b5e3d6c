/* torture.c - stub */
#include "sim/sim.h"
void torture(int64_t rounds, int64_t seed) { (void)rounds; (void)seed; fail("not yet"); }
