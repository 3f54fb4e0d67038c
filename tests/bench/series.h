/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples of one quantity and their median. */
#ifndef TESTS_BENCH_SERIES_H
#define TESTS_BENCH_SERIES_H

#include <stddef.h>
#include <stdlib.h>

#define SERIES_SAMPLES_MAX 10000

struct series {
	double sample[SERIES_SAMPLES_MAX];
	size_t count;
};

/* Samples beyond SERIES_SAMPLES_MAX are not kept. */
static inline void series_add(struct series *series, double value)
{
	if (series->count < SERIES_SAMPLES_MAX)
		series->sample[series->count++] = value;
}

static inline int series_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts the samples; 0 when there are none. */
static inline double series_median(struct series *series)
{
	qsort(series->sample, series->count, sizeof(double), series_compare);
	return series->count ? series->sample[series->count / 2] : 0;
}

#endif
