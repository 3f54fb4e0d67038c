// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The boot loader of the test device: which firmware starts, what it does, and resets.
 */
#include "firmware.h"
#include "model.h"

bool model_accepts(const struct model *model, const struct memory *memory)
{
	struct firmware firmware;
	const uint8_t *image;
	size_t bytes;

	image = memory_firmware(memory, &bytes);
	if (!bytes)
		return false;
	return !model->config->needs_header || firmware_parse(image, bytes, &firmware);
}

static void enter_dfu_mode(struct model *model)
{
	model->is_runtime = false;
	model->running = -1;
	/* What does not run does not crash. */
	model->crash_at_us = 0;
	model->running_version = model->config->device_version;
	model->state = DFU_IDLE;
	model->status = DFU_OK;
}

/* Boots from @memory if it holds something to start. */
static bool start_firmware(struct model *model, int alternate, uint64_t now_us)
{
	const struct memory *memory = &model->alternates[alternate];
	struct firmware firmware = { .version = model->config->device_version };
	const uint8_t *image;
	size_t bytes;

	if (!memory->written || !model_accepts(model, memory))
		return false;
	image = memory_firmware(memory, &bytes);
	firmware_parse(image, bytes, &firmware);
	model->boots++;
	model->running = alternate;
	model->running_version = firmware.version;
	model->is_runtime = true;
	model->state = APP_IDLE;
	model->status = DFU_OK;
	if (firmware.behaviour == FIRMWARE_BOOT_LOOPS)
		model->crash_at_us = now_us + 1000ULL * model->config->crash_ms;
	if (firmware.behaviour == FIRMWARE_IS_DEAD)
		model->crash_at_us = now_us;
	return true;
}

void model_boot(struct model *model, uint64_t now_us)
{
	uint64_t newer_than_this = UINT64_MAX;

	model->is_manifested = false;
	model->busy_until_us = model->silent_until_us = 0;
	model->alternate = 0;
	enter_dfu_mode(model);
	if (!model->config->has_runtime)
		return;
	/* The newest first, then the next older one. */
	for (;;) {
		int best = -1;

		for (unsigned int i = 0; i < model->num_alternates; i++) {
			uint64_t written = model->alternates[i].written;

			if (written < newer_than_this &&
			    (best < 0 || written > model->alternates[best].written))
				best = i;
		}
		if (best >= 0 && start_firmware(model, best, now_us))
			return;
		if (best < 0 || !model->alternates[best].written)
			break;
		newer_than_this = model->alternates[best].written;
		model->state = DFU_ERROR;
		model->status = DFU_ERR_FIRMWARE;
	}
}

void model_start(struct model *model, uint64_t now_us)
{
	model->is_configured = false;
	model_boot(model, now_us);
}

/* DFU 1.1 annex A.1: a reset in appDETACH enters DFU mode, in DFU mode it leaves it. */
void model_reset(struct model *model, uint64_t now_us)
{
	bool was_asked = model->is_runtime && model->state == APP_DETACH &&
			 now_us < model->detach_until_us;

	model->is_configured = false;
	model->silent_until_us = model->busy_until_us = 0;
	model->alternate = 0;
	if (was_asked)
		enter_dfu_mode(model);
	else if (!model->is_runtime)
		model_boot(model, now_us);
	else
		model->state = APP_IDLE;
}

void model_return(struct model *model, uint64_t now_us)
{
	bool was_asked = model->is_runtime && model->state == APP_DETACH;

	model->is_configured = false;
	if (was_asked)
		enter_dfu_mode(model);
	else
		model_boot(model, now_us);
}

uint64_t model_timer_us(const struct model *model)
{
	if (model->crash_at_us)
		return model->crash_at_us;
	if (!model->is_runtime && model->state == DFU_MANIFEST && model->busy_until_us &&
	    model->config->manifestation == MANIFEST_SELF_RESET)
		return model->busy_until_us;
	return UINT64_MAX;
}

bool model_timer(struct model *model, uint64_t now_us)
{
	struct firmware firmware = { 0 };
	const uint8_t *image;
	size_t bytes;

	if (now_us < model_timer_us(model))
		return false;
	model->away_ms = model->config->away_ms;
	if (model->crash_at_us) {
		image = memory_firmware(&model->alternates[model->running], &bytes);
		firmware_parse(image, bytes, &firmware);
		if (firmware.behaviour == FIRMWARE_IS_DEAD)
			model->away_ms = MODEL_FOR_GOOD;
		model->crash_at_us = 0;
	}
	return true;
}
