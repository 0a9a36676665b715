/* Adds the integers from 1 to n: cc -o sum sum.c && ./sum [N [SECONDS-PER-ADDITION]] */
#define _XOPEN_SOURCE 700
#include "wf.h"

int main(int argc, char **argv) {
	long n = argc > 1 ? atol(argv[1]) : 200;
	double delay = argc > 2 ? atof(argv[2]) : 0;
	struct timespec pause = {(time_t)delay, (long)((delay - (long)delay) * 1e9)};
	struct { long i, total; } s = {0, 0};
	wf_begin();
	wf_load(&s, sizeof s);
	while (s.i < n) {
		if (delay > 0) nanosleep(&pause, NULL);
		s.i++;
		s.total += s.i;
		wf_save(&s, sizeof s);
	}
	printf("total %ld\n", s.total);
	return 0;
}
