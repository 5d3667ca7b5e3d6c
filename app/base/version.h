/* version.h - the version of the program: `totem version`, the User-Agent, the OpenAPI document. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define TOTEM_VERSION    "0.1.0"
#define TOTEM_USER_AGENT "totem/" TOTEM_VERSION

#endif
