/* Save and resume under `wf exec`, and without it, too: wf_begin(); wf_load(&s, sizeof s); ...; wf_save(&s, sizeof s); */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static volatile sig_atomic_t wf_stop;
static void wf_term(int sig) { (void)sig; wf_stop = 1; } /* the next save ends the program */
static const char *wf_env(const char *name, const char *other) { return getenv(name) ? getenv(name) : other; }
static void wf_begin(void) { signal(SIGTERM, wf_term); }
static int wf_load(void *s, size_t n) {
	FILE *f = fopen(wf_env("WF_STATE", "state.bin"), "rb"); int ok = f && fread(s, n, 1, f) == 1; if (f) fclose(f); return ok;
}
static void wf_save(const void *s, size_t n) {
	static time_t last; char tmp[4096]; const char *path = wf_env("WF_STATE", "state.bin"); FILE *f;
	if (!wf_stop && difftime(time(NULL), last) < atof(wf_env("WF_EVERY", "1"))) return;
	snprintf(tmp, sizeof tmp, "%s.tmp", path);
	if (!(f = fopen(tmp, "wb")) || fwrite(s, n, 1, f) != 1 || fclose(f) != 0 || rename(tmp, path) != 0) { perror(tmp); exit(1); }
	last = time(NULL); if (wf_stop) exit(85);
}
