/* Preloaded into a program, lets its wall clock run CLOCK_SHIFT_S seconds ahead of (or behind) the
 * machine's, so that a test need not wait for a minute to begin. Elapsed time is not touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec* time) {
    static int (*real)(clockid_t, struct timespec*);
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    }
    const int failed = real(id, time);
    const char* shift = getenv("CLOCK_SHIFT_S");
    if (failed == 0 && id == CLOCK_REALTIME && shift != NULL) {
        time->tv_sec += strtol(shift, NULL, 10);
    }
    return failed;
}
