/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/answer.h"

#include <errno.h>
#include <string.h>

#include "smp/cbor.h"

/* One key that is understood: @read takes the value and stores it in @into. */
struct field {
	const char *key;
	int (*read)(struct smp_reader *reader, void *into);
};

/* Reads a map: the keys of @fields by their functions, all others are skipped. */
static int read_fields(struct smp_reader *reader, const struct field *fields, size_t count,
		       void *into)
{
	struct smp_container map;
	char key[SMP_CBOR_KEY_MAX + 1];
	int r = smp_read_map(reader, &map);

	if (r < 0)
		return r;
	while ((r = smp_container_next(reader, &map)) > 0) {
		const struct field *found = NULL;

		r = smp_read_text(reader, key, sizeof(key));
		if (r < 0)
			return r;
		for (size_t i = 0; i < count && !found; i++)
			if (strcmp(fields[i].key, key) == 0)
				found = &fields[i];
		r = found ? found->read(reader, into) : smp_skip(reader);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_small_uint(struct smp_reader *reader, unsigned max, unsigned *ret)
{
	uint64_t value;
	int r = smp_read_uint(reader, &value);

	if (r < 0)
		return r;
	if (value > max)
		return -EBADMSG;
	*ret = (unsigned)value;
	return 0;
}

/* ---- failures: in every answer ---- */

static int read_err_group(struct smp_reader *reader, void *into)
{
	struct smp_failure *failure = into;
	unsigned group;
	int r = read_small_uint(reader, UINT16_MAX, &group);

	if (r < 0)
		return r;
	failure->group = (uint16_t)group;
	return 0;
}

/* Codes are unsigned by the specification, but slot information passes on negative errnos. */
static int read_code(struct smp_reader *reader, void *into)
{
	struct smp_failure *failure = into;
	int64_t code;
	int r = smp_read_int(reader, &code);

	if (r < 0)
		return r;
	failure->code = code < 0 ? 1 : code > UINT32_MAX ? UINT32_MAX : (uint32_t)code;
	return 0;
}

/* What every answer is read into: the failure comes first, so that its fields serve them all. */
struct common {
	struct smp_failure failure;
	void *answer;
};

static int read_rc(struct smp_reader *reader, void *into)
{
	struct common *common = into;
	struct smp_failure plain = { .group = SMP_NO_GROUP };
	int r = read_code(reader, &plain);

	if (r >= 0 && common->failure.code == SMP_CODE_OK)
		common->failure.code = plain.code;
	return r;
}

static int read_reason(struct smp_reader *reader, void *into)
{
	struct common *common = into;

	return smp_read_text(reader, common->failure.reason, sizeof(common->failure.reason));
}

static int read_err(struct smp_reader *reader, void *into)
{
	static const struct field fields[] = { { "group", read_err_group }, { "rc", read_code } };
	struct common *common = into;
	struct smp_failure failure = { .group = SMP_NO_GROUP };
	int r = read_fields(reader, fields, ARRAY_SIZE(fields), &failure);

	if (r < 0)
		return r;
	if (failure.code != SMP_CODE_OK) {
		common->failure.group = failure.group;
		common->failure.code = failure.code;
	}
	return 0;
}

#define COMMON_FIELDS                              \
	{ "rc", read_rc }, { "rsn", read_reason }, \
	{                                          \
		"err", read_err                    \
	}

static int read_answer(const uint8_t *body, size_t size, const struct field *fields, size_t count,
		       void *answer, struct smp_failure *ret_failure)
{
	struct smp_reader reader = { .bytes = body, .size = size };
	struct common common = { .failure = { .group = SMP_NO_GROUP }, .answer = answer };
	int r = read_fields(&reader, fields, count, &common);

	if (r < 0)
		return r;
	*ret_failure = common.failure;
	return 0;
}

/* ---- image state ---- */

static int read_image_number(struct smp_reader *reader, void *into)
{
	return read_small_uint(reader, UINT16_MAX, &((struct smp_image_state *)into)->image);
}

static int read_slot_number(struct smp_reader *reader, void *into)
{
	return read_small_uint(reader, UINT16_MAX, &((struct smp_image_state *)into)->slot);
}

static int read_version(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return smp_read_text(reader, image->version, sizeof(image->version));
}

static int read_hash(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return smp_read_bytes(reader, image->hash, sizeof(image->hash), &image->hash_size);
}

static int read_flag(struct smp_reader *reader, struct smp_image_state *image, bool *flag)
{
	image->has_flags = true;
	return smp_read_bool(reader, flag);
}

static int read_bootable(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return read_flag(reader, image, &image->is_bootable);
}

static int read_pending(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return read_flag(reader, image, &image->is_pending);
}

static int read_confirmed(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return read_flag(reader, image, &image->is_confirmed);
}

static int read_active(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return read_flag(reader, image, &image->is_active);
}

static int read_permanent(struct smp_reader *reader, void *into)
{
	struct smp_image_state *image = into;

	return read_flag(reader, image, &image->is_permanent);
}

static int read_images(struct smp_reader *reader, void *into)
{
	static const struct field fields[] = {
		{ "image", read_image_number },	 { "slot", read_slot_number },
		{ "version", read_version },	 { "hash", read_hash },
		{ "bootable", read_bootable },	 { "pending", read_pending },
		{ "confirmed", read_confirmed }, { "active", read_active },
		{ "permanent", read_permanent },
	};
	struct smp_image_list *list = ((struct common *)into)->answer;
	struct smp_container array;
	int r = smp_read_array(reader, &array);

	if (r < 0)
		return r;
	list->count = 0;
	while ((r = smp_container_next(reader, &array)) > 0) {
		if (list->count == SMP_IMAGES_MAX)
			return -EBADMSG;
		list->images[list->count] = (struct smp_image_state){ 0 };
		r = read_fields(reader, fields, ARRAY_SIZE(fields), &list->images[list->count++]);
		if (r < 0)
			return r;
	}
	return r;
}

int smp_read_image_list(const uint8_t *body, size_t size, struct smp_image_list *ret,
			struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS, { "images", read_images } };

	*ret = (struct smp_image_list){ 0 };
	return read_answer(body, size, fields, ARRAY_SIZE(fields), ret, ret_failure);
}

const struct smp_image_state *smp_image_find(const struct smp_image_list *list, unsigned image,
					     unsigned slot)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->images[i].image == image && list->images[i].slot == slot)
			return &list->images[i];
	return NULL;
}

/* ---- slot information: an image with its slots nested in it ---- */

struct slot_walk {
	struct smp_slot_list *list;
	unsigned image;
	size_t first; /* the first slot of this image, until its number is known */
	uint64_t image_size_max;
};

static int read_walk_image(struct smp_reader *reader, void *into)
{
	return read_small_uint(reader, UINT16_MAX, &((struct slot_walk *)into)->image);
}

static int read_walk_max(struct smp_reader *reader, void *into)
{
	return smp_read_uint(reader, &((struct slot_walk *)into)->image_size_max);
}

static int read_info_slot(struct smp_reader *reader, void *into)
{
	return read_small_uint(reader, UINT16_MAX, &((struct smp_slot_size *)into)->slot);
}

static int read_info_size(struct smp_reader *reader, void *into)
{
	return smp_read_uint(reader, &((struct smp_slot_size *)into)->size_bytes);
}

static int read_info_upload(struct smp_reader *reader, void *into)
{
	unsigned image;
	int r = read_small_uint(reader, UINT16_MAX, &image);

	if (r < 0)
		return r;
	((struct smp_slot_size *)into)->upload_image = (int)image;
	return 0;
}

static int read_walk_slots(struct smp_reader *reader, void *into)
{
	static const struct field fields[] = {
		{ "slot", read_info_slot },
		{ "size", read_info_size },
		{ "upload_image_id", read_info_upload },
	};
	struct slot_walk *walk = into;
	struct smp_slot_list *list = walk->list;
	struct smp_container array;
	int r = smp_read_array(reader, &array);

	if (r < 0)
		return r;
	while ((r = smp_container_next(reader, &array)) > 0) {
		if (list->count == SMP_IMAGES_MAX)
			return -EBADMSG;
		list->slots[list->count] = (struct smp_slot_size){ .upload_image = -1 };
		r = read_fields(reader, fields, ARRAY_SIZE(fields), &list->slots[list->count++]);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_slot_images(struct smp_reader *reader, void *into)
{
	static const struct field fields[] = {
		{ "image", read_walk_image },
		{ "slots", read_walk_slots },
		{ "max_image_size", read_walk_max },
	};
	struct smp_slot_list *list = ((struct common *)into)->answer;
	struct smp_container array;
	int r = smp_read_array(reader, &array);

	if (r < 0)
		return r;
	while ((r = smp_container_next(reader, &array)) > 0) {
		struct slot_walk walk = { .list = list, .first = list->count };

		r = read_fields(reader, fields, ARRAY_SIZE(fields), &walk);
		if (r < 0)
			return r;
		for (size_t i = walk.first; i < list->count; i++) {
			list->slots[i].image = walk.image;
			list->slots[i].image_size_max = walk.image_size_max;
		}
	}
	return r;
}

int smp_read_slot_list(const uint8_t *body, size_t size, struct smp_slot_list *ret,
		       struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS, { "images", read_slot_images } };

	*ret = (struct smp_slot_list){ 0 };
	return read_answer(body, size, fields, ARRAY_SIZE(fields), ret, ret_failure);
}

/* ---- the small ones ---- */

static int read_offset(struct smp_reader *reader, void *into)
{
	struct smp_upload_answer *answer = ((struct common *)into)->answer;

	answer->has_offset = true;
	return smp_read_uint(reader, &answer->offset);
}

static int read_match(struct smp_reader *reader, void *into)
{
	struct smp_upload_answer *answer = ((struct common *)into)->answer;

	answer->has_match = true;
	return smp_read_bool(reader, &answer->is_match);
}

int smp_read_upload(const uint8_t *body, size_t size, struct smp_upload_answer *ret,
		    struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS,
					       { "off", read_offset },
					       { "match", read_match } };
	int r;

	*ret = (struct smp_upload_answer){ 0 };
	r = read_answer(body, size, fields, ARRAY_SIZE(fields), ret, ret_failure);
	if (r < 0)
		return r;
	return ret->has_offset || ret_failure->code != SMP_CODE_OK ? 0 : -EBADMSG;
}

static int read_buffer_size(struct smp_reader *reader, void *into)
{
	struct smp_parameters *answer = ((struct common *)into)->answer;

	return smp_read_uint(reader, &answer->buffer_size);
}

static int read_buffer_count(struct smp_reader *reader, void *into)
{
	struct smp_parameters *answer = ((struct common *)into)->answer;

	return smp_read_uint(reader, &answer->buffer_count);
}

int smp_read_parameters(const uint8_t *body, size_t size, struct smp_parameters *ret,
			struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS,
					       { "buf_size", read_buffer_size },
					       { "buf_count", read_buffer_count } };

	*ret = (struct smp_parameters){ 0 };
	return read_answer(body, size, fields, ARRAY_SIZE(fields), ret, ret_failure);
}

static int read_text(struct smp_reader *reader, void *into)
{
	struct smp_text_answer *answer = ((struct common *)into)->answer;

	return smp_read_text(reader, answer->text, sizeof(answer->text));
}

int smp_read_text_answer(const uint8_t *body, size_t size, struct smp_text_answer *ret,
			 struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS,
					       { "r", read_text },
					       { "output", read_text },
					       { "bootloader", read_text } };

	*ret = (struct smp_text_answer){ 0 };
	return read_answer(body, size, fields, ARRAY_SIZE(fields), ret, ret_failure);
}

int smp_read_result(const uint8_t *body, size_t size, struct smp_failure *ret_failure)
{
	static const struct field fields[] = { COMMON_FIELDS };

	return read_answer(body, size, fields, ARRAY_SIZE(fields), NULL, ret_failure);
}
