# Adds the integers from 1 to n: Rscript sum.R [N [SECONDS-PER-ADDITION]]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "wf.R"))
args <- commandArgs(trailingOnly = TRUE)
n <- if (length(args) > 0) as.numeric(args[1]) else 200
delay <- if (length(args) > 1) as.numeric(args[2]) else 0
s <- wf_load(i = 0, total = 0)
while (s$i < n) {
  Sys.sleep(delay)
  s$i <- s$i + 1
  s$total <- s$total + s$i
  wf_save(i = s$i, total = s$total)
}
cat("total ", format(s$total, scientific = FALSE), "\n", sep = "")
