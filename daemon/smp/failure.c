/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/failure.h"

#include <errno.h>
#include <stddef.h>

#include "base/macros.h"
#include "smp/header.h"

struct code_row {
	uint32_t code;
	int error; /* positive errno */
	const char *word;
};

/* mgmt_err_t of the SMP specification */
static const struct code_row smp_codes[] = {
	{ 1, EREMOTEIO, "the device does not say why" },
	{ 2, ENOMEM, "the device is out of memory" },
	{ 3, EINVAL, "the device finds a value invalid" },
	{ 4, ETIMEDOUT, "the device timed out" },
	{ 5, ENOENT, "the device has no such thing" },
	{ 6, EBUSY, "the device is in the wrong state for this" },
	{ 7, EMSGSIZE, "the message is too large for the device" },
	{ 8, EOPNOTSUPP, "the device does not support this" },
	{ 9, EBADMSG, "the device received it corrupted" },
	{ 10, EBUSY, "the device is busy" },
	{ 11, EACCES, "the device denies access" },
	{ 12, EPROTONOSUPPORT, "our protocol version is too old for the device" },
	{ 13, EPROTONOSUPPORT, "our protocol version is too new for the device" },
};

/* img_mgmt_err_code_t of Zephyr's image management group */
static const struct code_row image_codes[] = {
	{ 1, EREMOTEIO, "the device does not say why" },
	{ 2, EIO, "the device cannot read its flash layout" },
	{ 3, ENODATA, "there is no image in the slot" },
	{ 4, EBADMSG, "the image has no TLV area" },
	{ 5, EBADMSG, "the image has an invalid TLV" },
	{ 6, EBADMSG, "the image has more than one hash" },
	{ 7, EBADMSG, "a TLV of the image has a wrong size" },
	{ 8, ENOENT, "no image has this hash" },
	{ 9, EBUSY, "no slot is free: the other one is pending or needed to go back" },
	{ 10, EIO, "the device cannot open its flash" },
	{ 11, EIO, "the device cannot read its flash" },
	{ 12, EIO, "the device cannot write its flash" },
	{ 13, EIO, "the device cannot erase its flash" },
	{ 14, EINVAL, "the device has no such slot" },
	{ 15, ENOMEM, "the device is out of memory" },
	{ 16, EBUSY, "another upload is running" },
	{ 17, EREMOTEIO, "the device lost the upload" },
	{ 18, EIO, "the device lost its flash" },
	{ 19, EREMOTEIO, "the device finds the page offset invalid" },
	{ 20, EINVAL, "the device finds the offset invalid" },
	{ 21, EINVAL, "the device finds the length invalid" },
	{ 22, EBADMSG, "the image header is invalid" },
	{ 23, EBADMSG, "the image header has a wrong magic number" },
	{ 24, EBADMSG, "the hash is invalid" },
	{ 25, EBADMSG, "the image is linked for another flash address" },
	{ 26, EREMOTEIO, "the device cannot tell its version" },
	{ 27, EBADMSG, "the running version is newer" },
	{ 28, EBUSY, "an image is already pending" },
	{ 29, EBADMSG, "the image has an invalid vector table" },
	{ 30, EFBIG, "the image is too large for the slot" },
	{ 31, EFBIG, "more data than was announced" },
	{ 32, EACCES, "the device refuses to confirm this image" },
	{ 33, EALREADY, "the image is the one that is running" },
	{ 34, EREMOTEIO, "the device does not know which slot is active" },
};

static const struct code_row unknown_code = { 0, EREMOTEIO, "an error code nobody knows" };

static const struct code_row *find(const struct smp_failure *failure)
{
	const struct code_row *rows = smp_codes;
	size_t count = ARRAY_SIZE(smp_codes);

	if (failure->group == SMP_GROUP_IMAGE) {
		rows = image_codes;
		count = ARRAY_SIZE(image_codes);
	} else if (failure->group != SMP_NO_GROUP) {
		return &unknown_code;
	}
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == failure->code)
			return &rows[i];
	return &unknown_code;
}

int smp_failure_errno(const struct smp_failure *failure)
{
	return failure->code == SMP_CODE_OK ? 0 : -find(failure)->error;
}

const char *smp_failure_word(const struct smp_failure *failure)
{
	return failure->code == SMP_CODE_OK ? "no error" : find(failure)->word;
}
