/* evolution_value.h - values that Evolution and Baileys write in several ways.
 *
 * Bytes (3.6): {"0":12,"1":34,...}, {"type":"Buffer","data":"<base64>"} or with an array of numbers, an
 * array, or base64 text. Whole numbers: number, text, or a Long {"low":..,"high":..,"unsigned":..}. Times:
 * such a number in seconds, or in milliseconds when it is beyond 10^12. Pure. */
#ifndef PEER_EVOLUTION_VALUE_H
#define PEER_EVOLUTION_VALUE_H

#include "io/json.h"

/* Exactly `want` bytes (at most 256). False: absent, another length, or no bytes. */
bool evolution_bytes(const struct json *n, uint8_t *ret_bytes, size_t want) MUST_CHECK;
bool evolution_long(const struct json *n, int64_t *ret) MUST_CHECK;
int64_t evolution_long_or(const struct json *n, int64_t otherwise);
/* 0: absent or nonsense. */
int64_t evolution_time_ms(const struct json *n);

#endif
