// SPDX-License-Identifier: GPL-2.0
/*
 * DFU's states and status codes as tables. No I/O: session.c walks them.
 */
#include "states.h"

/*
 * DFU 1.1 annex A, seen from the host. While a device is busy every request but GETSTATUS stalls
 * and costs it the download, so a busy device is polled whatever the goal.
 */
static const struct {
	const char *word;
	enum dfu_step steps[DFU_NUM_GOALS];
} states[DFU_NUM_STATES] = {
	/*				    idle,	     block done,      manifested */
	[DFU_STATE_APP_IDLE] = { "appIDLE",
		{ DFU_STEP_FAIL,  DFU_STEP_FAIL, DFU_STEP_DONE } },
	[DFU_STATE_APP_DETACH] = { "appDETACH",
		{ DFU_STEP_RESET, DFU_STEP_FAIL, DFU_STEP_FAIL } },
	[DFU_STATE_IDLE] = { "dfuIDLE",
		{ DFU_STEP_DONE,  DFU_STEP_FAIL, DFU_STEP_DONE } },
	[DFU_STATE_DNLOAD_SYNC] = { "dfuDNLOAD-SYNC",
		{ DFU_STEP_ABORT, DFU_STEP_POLL, DFU_STEP_FAIL } },
	[DFU_STATE_DNBUSY] = { "dfuDNBUSY",
		{ DFU_STEP_POLL,  DFU_STEP_POLL, DFU_STEP_POLL } },
	[DFU_STATE_DNLOAD_IDLE] = { "dfuDNLOAD-IDLE",
		{ DFU_STEP_ABORT, DFU_STEP_DONE, DFU_STEP_FAIL } },
	[DFU_STATE_MANIFEST_SYNC] = { "dfuMANIFEST-SYNC",
		{ DFU_STEP_ABORT, DFU_STEP_FAIL, DFU_STEP_POLL } },
	[DFU_STATE_MANIFEST] = { "dfuMANIFEST",
		{ DFU_STEP_POLL,  DFU_STEP_FAIL, DFU_STEP_POLL } },
	[DFU_STATE_MANIFEST_WAIT_RESET] = { "dfuMANIFEST-WAIT-RESET",
		{ DFU_STEP_RESET, DFU_STEP_FAIL, DFU_STEP_RESET } },
	[DFU_STATE_UPLOAD_IDLE] = { "dfuUPLOAD-IDLE",
		{ DFU_STEP_ABORT, DFU_STEP_FAIL, DFU_STEP_FAIL } },
	[DFU_STATE_ERROR] = { "dfuERROR",
		{ DFU_STEP_CLEAR, DFU_STEP_FAIL, DFU_STEP_FAIL } },
};

static const struct {
	const char *word;
	const char *sentence;
	int error;
} status_codes[DFU_NUM_STATUS_CODES] = {
	[DFU_STATUS_OK] = { "OK",
		"no error", 0 },
	[DFU_STATUS_ERR_TARGET] = { "errTARGET",
		"the image is not for this device", -EMEDIUMTYPE },
	[DFU_STATUS_ERR_FILE] = { "errFILE",
		"the image fails the device's own test of it", -EBADMSG },
	[DFU_STATUS_ERR_WRITE] = { "errWRITE",
		"the device could not write its memory", -EIO },
	[DFU_STATUS_ERR_ERASE] = { "errERASE",
		"the device could not erase its memory", -EUCLEAN },
	[DFU_STATUS_ERR_CHECK_ERASED] = { "errCHECK_ERASED",
		"the memory is not empty after it was erased", -EUCLEAN },
	[DFU_STATUS_ERR_PROG] = { "errPROG",
		"the device could not program its memory", -EIO },
	[DFU_STATUS_ERR_VERIFY] = { "errVERIFY",
		"the memory does not hold what was written", -EIO },
	[DFU_STATUS_ERR_ADDRESS] = { "errADDRESS",
		"the image lies outside the device's memory", -EFBIG },
	[DFU_STATUS_ERR_NOTDONE] = { "errNOTDONE",
		"the image ends before the device expected it to", -EBADMSG },
	[DFU_STATUS_ERR_FIRMWARE] = { "errFIRMWARE",
		"the device's firmware is corrupt, it cannot leave DFU mode", -EBADMSG },
	[DFU_STATUS_ERR_VENDOR] = { "errVENDOR",
		"an error of the vendor's own; with DfuSe the memory is read-protected", -EPROTO },
	[DFU_STATUS_ERR_USBR] = { "errUSBR",
		"the device saw a USB reset it did not expect", -EPROTO },
	[DFU_STATUS_ERR_POR] = { "errPOR",
		"the device lost power on the way", -EPROTO },
	[DFU_STATUS_ERR_UNKNOWN] = { "errUNKNOWN",
		"something went wrong and the device does not know what", -EPROTO },
	[DFU_STATUS_ERR_STALLEDPKT] = { "errSTALLEDPKT",
		"the device did not expect the request it was sent", -EPROTO },
};

enum dfu_step dfu_next_step(enum dfu_goal goal, u8 state)
{
	return state < DFU_NUM_STATES ? states[state].steps[goal] : DFU_STEP_FAIL;
}

const char *dfu_state_word(u8 state)
{
	return state < DFU_NUM_STATES ? states[state].word : "unknown state";
}

const char *dfu_status_word(u8 status)
{
	return status < DFU_NUM_STATUS_CODES ? status_codes[status].word : "unknown status";
}

const char *dfu_status_sentence(u8 status)
{
	return status < DFU_NUM_STATUS_CODES ? status_codes[status].sentence :
					       "a status code that DFU 1.1 does not have";
}

int dfu_status_errno(u8 status)
{
	return status < DFU_NUM_STATUS_CODES ? status_codes[status].error : -EPROTO;
}
