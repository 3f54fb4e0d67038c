/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading and reading JSON under limits. The canonical form is json-canonical.c's. */
#include "base/json.h"

#include <inttypes.h>

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a real number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "unknown";
}

static int check_value(const json_t *value, unsigned int depth, const char *what,
		       struct failure *failure);

static int check_members(const json_t *object, unsigned int depth, const char *what,
			 struct failure *failure)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)object, key, member) {
		int r = check_value(member, depth, what, failure);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_elements(const json_t *array, unsigned int depth, const char *what,
			  struct failure *failure)
{
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element) {
		int r = check_value(element, depth, what, failure);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_value(const json_t *value, unsigned int depth, const char *what,
		       struct failure *failure)
{
	json_type type = json_typeof(value);

	if ((type == JSON_OBJECT || type == JSON_ARRAY) && depth == JSON_DEPTH_MAX)
		return fail(failure, REASON_MALFORMED, "%s: JSON is nested deeper than %d.", what,
			    JSON_DEPTH_MAX);
	if (type == JSON_REAL)
		return fail(failure, REASON_MALFORMED,
			    "%s: only integers are allowed, but there is %g.", what,
			    json_real_value(value));
	if (type == JSON_INTEGER &&
	    (json_integer_value(value) < 0 || json_integer_value(value) > JSON_INTEGER_MAX))
		return fail(failure, REASON_MALFORMED,
			    "%s: the integer %" PRId64 " is not in 0...%" PRId64 ".", what,
			    (int64_t)json_integer_value(value), JSON_INTEGER_MAX);
	if (type == JSON_OBJECT)
		return check_members(value, depth + 1, what, failure);
	if (type == JSON_ARRAY)
		return check_elements(value, depth + 1, what, failure);
	return 0;
}

int json_load_strict(const char *bytes, size_t size, const char *what, json_t **ret,
		     struct failure *failure)
{
	_cleanup_json_ json_t *value = NULL;
	json_error_t error;
	int r;

	value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return fail_memory(failure);
		return fail(failure, REASON_MALFORMED,
			    "%s: not valid JSON at line %d, column %d: %s.", what, error.line,
			    error.column, error.text);
	}
	r = check_value(value, 0, what, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(value);
	return 0;
}

int json_member(const json_t *object, const char *key, json_type type, enum json_need need,
		const char *what, json_t **ret, struct failure *failure)
{
	json_t *member;

	*ret = NULL;
	if (!json_is_object(object))
		return fail(failure, REASON_MALFORMED, "%s: expected an object, found %s.", what,
			    object ? type_name(json_typeof(object)) : "nothing");
	member = json_object_get(object, key);
	if (!member && need == JSON_REQUIRED)
		return fail(failure, REASON_MALFORMED, "%s: \"%s\" is missing (%s).", what, key,
			    type_name(type));
	if (member && json_typeof(member) != type)
		return fail(failure, REASON_MALFORMED, "%s: \"%s\" must be %s, found %s.", what,
			    key, type_name(type), type_name(json_typeof(member)));
	*ret = member;
	return 0;
}

int json_member_string(const json_t *object, const char *key, enum json_need need, const char *what,
		       const char **ret, struct failure *failure)
{
	json_t *member;
	int r = json_member(object, key, JSON_STRING, need, what, &member, failure);

	if (r < 0)
		return r;
	*ret = member ? json_string_value(member) : NULL;
	return 0;
}

int json_member_integer(const json_t *object, const char *key, enum json_need need, int64_t min,
			int64_t max, const char *what, int64_t *ret, struct failure *failure)
{
	json_t *member;
	int r = json_member(object, key, JSON_INTEGER, need, what, &member, failure);

	if (r < 0 || !member)
		return r;
	if (json_integer_value(member) < min || json_integer_value(member) > max)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"%s\" must be in %" PRId64 "...%" PRId64 ", found %" PRId64 ".",
			    what, key, min, max, (int64_t)json_integer_value(member));
	*ret = json_integer_value(member);
	return 0;
}

int json_member_boolean(const json_t *object, const char *key, enum json_need need,
			const char *what, bool *ret, struct failure *failure)
{
	const json_t *member = json_object_get(object, key);
	json_t *checked;
	int r;

	/* For jansson true and false are two types: ask for the one that is there. */
	r = json_member(object, key, json_is_false(member) ? JSON_FALSE : JSON_TRUE, need, what,
			&checked, failure);
	if (r < 0 || !checked)
		return r;
	*ret = json_is_true(checked);
	return 0;
}
