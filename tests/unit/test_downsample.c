/* Thinning a chart's points. */
#include <math.h>

#include "report/downsample.h"
#include "support.h"

#define POINTS_MAX 4096

struct drawn {
    struct downsample_point points[POINTS_MAX]; /* NaN for a break */
    int count;
};

static void draw(void *context, const struct downsample_point *point)
{
    struct drawn *drawn = context;
    assert_true(drawn->count < POINTS_MAX);
    drawn->points[drawn->count++] = point != NULL ? *point : (struct downsample_point){0, NAN};
}

static void few_points_stay_as_they_are(void **state)
{
    struct downsample downsample;
    struct drawn drawn = {0};
    (void)state;
    downsample_begin(&downsample, 1000, 2000, 100, draw, &drawn);
    for (int i = 0; i < 10; i++) {
        downsample_add(&downsample, 1000 + i * 100, i * 1.5);
    }
    downsample_end(&downsample);
    assert_int_equal(drawn.count, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(drawn.points[i].time_ms, 1000 + i * 100);
        assert_true(drawn.points[i].value == i * 1.5);
    }
    assert_int_equal(downsample.taken, downsample.kept);
}

static void a_million_points_become_few_and_no_peak_is_lost(void **state)
{
    struct downsample downsample;
    struct drawn drawn = {0};
    double low = INFINITY, high = -INFINITY;
    int64_t last_ms = -1;
    (void)state;
    downsample_begin(&downsample, 0, 999999, 500, draw, &drawn);
    for (int i = 0; i < 1000000; i++) {
        double value = i == 123457 ? 99 : i == 765433 ? -99 : sin(i / 5000.0);
        downsample_add(&downsample, i, value);
    }
    downsample_end(&downsample);
    assert_int_equal(downsample.taken, 1000000);
    assert_true(drawn.count <= 2000 && drawn.count == downsample.kept);
    for (int i = 0; i < drawn.count; i++) {
        low = fmin(low, drawn.points[i].value);
        high = fmax(high, drawn.points[i].value);
        assert_true(drawn.points[i].time_ms > last_ms);
        last_ms = drawn.points[i].time_ms;
    }
    assert_true(low == -99 && high == 99);
    assert_int_equal(drawn.points[0].time_ms, 0);
    assert_int_equal(last_ms, 999999);
}

static void a_break_stands_between_its_points(void **state)
{
    struct downsample downsample;
    struct drawn drawn = {0};
    (void)state;
    downsample_begin(&downsample, 0, 1000, 10, draw, &drawn);
    downsample_break(&downsample); /* before the first point: nothing to interrupt */
    downsample_add(&downsample, 0, 1);
    downsample_break(&downsample);
    downsample_add(&downsample, 500, 2);
    downsample_break(&downsample); /* after the last */
    downsample_end(&downsample);
    assert_int_equal(drawn.count, 3);
    assert_true(drawn.points[0].value == 1);
    assert_true(isnan(drawn.points[1].value));
    assert_true(drawn.points[2].value == 2);
}

static void a_break_within_one_bucket_cannot_be_seen(void **state)
{
    struct downsample downsample;
    struct drawn drawn = {0};
    (void)state;
    downsample_begin(&downsample, 0, 1000, 10, draw, &drawn);
    downsample_add(&downsample, 1, 1);
    downsample_break(&downsample);
    downsample_add(&downsample, 2, 2);
    downsample_end(&downsample);
    assert_int_equal(drawn.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_points_stay_as_they_are),
        cmocka_unit_test(a_million_points_become_few_and_no_peak_is_lost),
        cmocka_unit_test(a_break_stands_between_its_points),
        cmocka_unit_test(a_break_within_one_bucket_cannot_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
