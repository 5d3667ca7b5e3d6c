/* wa_content_rows.h - reads wa_content.def once for the macros that are defined; the others are empty.
 * No include guard: it is included once for each table. */
#ifndef TYPE
#define TYPE(type, kind, sub)
#endif
#ifndef SHAPE
#define SHAPE(name, rule)
#endif
#ifndef CHOICE_KEY
#define CHOICE_KEY(choice, key)
#endif
#ifndef CHOICE
#define CHOICE(choice, text, shape)
#endif
#ifndef FIELD
#define FIELD(shape, kind, key, need, low, high, sub, words)
#endif
#define NEED true
#define MAY  false
#define F_TEXT(shape, key, need, low, high, text) \
	FIELD(shape, KIND_TEXT, key, need, low, high, TEXT_##text, NULL)
#define F_WORD(shape, key, need, words)      FIELD(shape, KIND_WORD, key, need, 0, 0, 0, words)
#define F_FIXED(shape, key, word)            FIELD(shape, KIND_FIXED, key, MAY, 0, 0, 0, word)
#define F_FLAG(shape, key, need)             FIELD(shape, KIND_FLAG, key, need, 0, 0, 0, NULL)
#define F_WHOLE(shape, key, need, low, high) FIELD(shape, KIND_WHOLE, key, need, low, high, 0, NULL)
#define F_DEGREES(shape, key, need, high)    FIELD(shape, KIND_DEGREES, key, need, 0, high, 0, NULL)
#define F_RAW(shape, key, need, bytes, kind) \
	FIELD(shape, KIND_RAW_##kind, key, need, 0, bytes, 0, NULL)
#define F_OBJECT(shape, key, need, sub) \
	FIELD(shape, KIND_OBJECT, key, need, 0, 0, SHAPE_##sub, NULL)
#define F_PICK(shape, key, need, sub) FIELD(shape, KIND_PICK, key, need, 0, 0, PICK_##sub, NULL)
#define F_LIST(shape, key, need, low, high, sub) \
	FIELD(shape, KIND_LIST, key, need, low, high, SHAPE_##sub, NULL)
#define F_LISTPICK(shape, key, need, low, high, sub) \
	FIELD(shape, KIND_LISTPICK, key, need, low, high, PICK_##sub, NULL)
#define F_FILE(shape)                                            \
	FIELD(shape, KIND_MEDIA, "media_id", MAY, 0, 0, 0, NULL) \
	FIELD(shape, KIND_TEXT, "id", MAY, 1, 256, TEXT_ID, NULL)
#include "peer/wa/wa_content.def"
#undef TYPE
#undef SHAPE
#undef CHOICE_KEY
#undef CHOICE
#undef FIELD
#undef NEED
#undef MAY
#undef F_TEXT
#undef F_WORD
#undef F_FIXED
#undef F_FLAG
#undef F_WHOLE
#undef F_DEGREES
#undef F_RAW
#undef F_OBJECT
#undef F_PICK
#undef F_LIST
#undef F_LISTPICK
#undef F_FILE
