# geepack on the clustered comparisons of models, run to convergence: Rscript scripts/gee.R in references/stats.
suppressMessages(library(geepack))
js <- function(x) {
  if (is.list(x)) paste0("{", paste(sprintf('"%s": %s', names(x), sapply(x, js)), collapse = ", "), "}")
  else if (is.matrix(x)) paste0("[", paste(apply(x, 1, js), collapse = ", "), "]")
  else if (length(x) > 1) paste0("[", paste(sapply(x, function(v) format(v, digits = 17)), collapse = ", "), "]")
  else format(x, digits = 17)
}
keep <- list(
  sensitivity = function(label, call) label == 1, specificity = function(label, call) label == 0,
  accuracy = function(label, call) rep(TRUE, length(label)), ppv = function(label, call) call == 1,
  npv = function(label, call) call == 0
)
out <- list()
for (tag in c("continuous", "tied")) {
  d <- read.csv(paste0(tag, ".csv"))
  for (measure in names(keep)) for (link in c("logit", "identity")) for (cs in c("independence", "exchangeable")) {
    long <- do.call(rbind, lapply(c("a", "b", "c"), function(m) {
      call <- as.integer(d[[m]] > 0.5)
      k <- keep[[measure]](d$label, call)
      data.frame(patient = d$patient[k], model = m, correct = as.integer(call == d$label)[k])
    }))
    long <- long[order(long$patient), ]
    f <- geeglm(correct ~ 0 + model, id = patient, data = long, corstr = cs,
      family = if (link == "logit") binomial else gaussian, control = geese.control(epsilon = 1e-14, maxit = 500))
    v <- f$geese$vbeta
    b <- as.numeric(f$geese$beta)
    L <- rbind(c(-1, 1, 0), c(-1, 0, 1))
    chi <- as.numeric(t(L %*% b) %*% solve(L %*% v %*% t(L)) %*% (L %*% b))
    z <- function(i, j) (b[i] - b[j]) / sqrt(v[i, i] + v[j, j] - 2 * v[i, j])
    out[[paste(tag, measure, link, cs, sep = "_")]] <- list(coef = b, covariance = unname(v),
      alpha = if (cs == "exchangeable") as.numeric(f$geese$alpha) else 0, scale = as.numeric(f$geese$gamma),
      chiSquare = chi, p = pchisq(chi, 2, lower.tail = FALSE), z = c(z(1, 2), z(1, 3), z(2, 3)))
  }
}
cat(js(out), "\n", file = "gee.json")
