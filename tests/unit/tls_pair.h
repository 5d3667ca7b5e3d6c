/* tls_pair.h - a certificate (P-256, localhost and 127.0.0.1, a hundred years) and its key, for tests only; and one that is good
 * from 2090-01-02 03:04:05 to 2126-01-02 03:04:05. */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#define TLS_PAIR_PEM                                                         \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBnDCCAUGgAwIBAgIUVc4PHyw8ZuhSjH+340TEWZw/frAwCgYIKoZIzj0EAwIw\n" \
	"FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2MTc1NloYDzIxMjYxMDI5\n" \
	"MTYxNzU2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n" \
	"PQMBBwNCAAQSmJW4kL7/CfwkyI/TOHdyZWjCUVjgRCDpS5rwfhu7d9sb1lgKbhWB\n" \
	"+0/vBim9LfSpGPzrvFDYroykGi66Ne8Ho28wbTAdBgNVHQ4EFgQUCtLsvmLTNso/\n" \
	"JpIQfeQyRZyST+cwHwYDVR0jBBgwFoAUCtLsvmLTNso/JpIQfeQyRZyST+cwDwYD\n" \
	"VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI\n" \
	"zj0EAwIDSQAwRgIhAPIK+53IYuYi/qPRlieigCJm5xCZB27KI+OOr2VqLOJAAiEA\n" \
	"jdJbioXkRV1fa/MrhIVjJdPWKsxT93J91+e3C99TaK8=\n"                     \
	"-----END CERTIFICATE-----\n"                                        \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgctLRa09GezqUJJwL\n" \
	"Yzs0RlCJZoMvgrHaQCvRY0XILNWhRANCAAQSmJW4kL7/CfwkyI/TOHdyZWjCUVjg\n" \
	"RCDpS5rwfhu7d9sb1lgKbhWB+0/vBim9LfSpGPzrvFDYroykGi66Ne8H\n"         \
	"-----END PRIVATE KEY-----\n"

#define TLS_FUTURE_PEM                                                       \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBajCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv\n" \
	"c3QwIhgPMjA5MDAxMDIwMzA0MDVaGA8yMTI2MDEwMjAzMDQwNVowFDESMBAGA1UE\n" \
	"AwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoTapoRsJJ+pi\n" \
	"xMqICxYEfLiqEYJDDpouMXYKW79TuGrgd4+vv9ic1Q57AxrCSFHez7FRyj9/0NRI\n" \
	"ygpQxJQXLaNOMEwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB\n" \
	"/wQFMAMBAf8wHQYDVR0OBBYEFEiKGtuPW7AJJ4ExgsUKq8KFynlwMAoGCCqGSM49\n" \
	"BAMCA0kAMEYCIQDqag6HupkQlodrdaKaawKf2vHJAvY97a136IC7irsNhAIhAOEa\n" \
	"av/R2UkVhA+iOCVVtVkAXAp/HC0c19ixVXeYJ0da\n"                         \
	"-----END CERTIFICATE-----\n"                                        \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkwgJ5nDZc9cHdUN6\n" \
	"3dOkipcYnigLtOrbgK6SuZbPGZWhRANCAAShNqmhGwkn6mLEyogLFgR8uKoRgkMO\n" \
	"mi4xdgpbv1O4auB3j6+/2JzVDnsDGsJIUd7PsVHKP3/Q1EjKClDElBct\n"         \
	"-----END PRIVATE KEY-----\n"

#endif
