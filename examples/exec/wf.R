# Save and resume under `wf exec`, and without it, too: s <- wf_load(i = 0); ...; wf_save(i = s$i)
wf <- new.env()
wf$state <- Sys.getenv("WF_STATE", "state.rds"); wf$every <- as.numeric(Sys.getenv("WF_EVERY", "1")); wf$last <- Sys.time()
wf_load <- function(...) if (file.exists(wf$state)) readRDS(wf$state) else list(...)
wf_tell <- function(...) { w <- list(...); cat("::wf", paste0(names(w), "=", w), "\n"); flush(stdout()) }
wf_save <- function(...) if (difftime(Sys.time(), wf$last, units = "secs") >= wf$every) {
  saveRDS(list(...), tmp <- paste0(wf$state, ".tmp"))
  file.rename(tmp, wf$state); wf$last <- Sys.time()
}
