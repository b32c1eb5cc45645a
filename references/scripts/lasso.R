# Writes references/stats/lasso.json: what glmnet 4.1 says of two made-up tables. Run in references/stats.
# The tables are functions of a seed (Park and Miller's minimal standard), so that the tests make the same ones.
library(glmnet)

json <- function(value) {
  if (!is.null(names(value))) {
    return(paste0("{", paste0('"', names(value), '":', vapply(value, json, ""), collapse = ","), "}"))
  }
  if (is.list(value)) return(paste0("[", paste0(vapply(value, json, ""), collapse = ","), "]"))
  text <- sprintf("%.12g", value)
  if (length(value) == 1) text else paste0("[", paste0(text, collapse = ","), "]")
}

table_of <- function(seed, cases, features) {
  state <- seed
  uniform <- function() {
    state <<- (state * 48271) %% 2147483647 # below 2^53
    state / 2147483647
  }
  x <- matrix(0, cases, features)
  y <- integer(cases)
  for (i in seq_len(cases)) {
    shared <- uniform() - 0.5
    for (j in seq_len(features)) x[i, j] <- (uniform() - 0.5 + (j %% 3) * shared) * (1 + j %% 5) + j
    logit <- 3 * (x[i, 1] - 1) / 2 - 2 * (x[i, 4] - 4) / 5 + 1.5 * (x[i, 7] - 7) / 3
    y[i] <- as.integer(uniform() < 1 / (1 + exp(-logit)))
  }
  list(x = x, y = y)
}

record <- function(seed, cases, features, at) {
  data <- table_of(seed, cases, features)
  fold <- (seq_len(cases) - 1) %/% 2 %% 5 + 1 # two cases a patient
  control <- list(thresh = 1e-15, maxit = 1e7)
  fit <- do.call(glmnet, c(list(data$x, data$y, family = "binomial"), control))
  # Without its penalties a fold gets a path of its own, and what lies between is interpolated.
  cv <- do.call(cv.glmnet, c(list(data$x, data$y, family = "binomial", foldid = fold, lambda = fit$lambda), control))
  list(
    seed = seed, cases = cases, features = features, positives = sum(data$y),
    penalties = fit$lambda, devianceRatio = fit$dev.ratio,
    fits = lapply(at, function(k) list(
      index = k - 1, intercept = unname(fit$a0[k]), coefficients = as.numeric(fit$beta[, k])
    )),
    deviance = unname(cv$cvm), standardError = unname(cv$cvsd),
    best = which(cv$lambda == cv$lambda.min) - 1, oneStandardError = which(cv$lambda == cv$lambda.1se) - 1
  )
}

writeLines(json(list(
  tall = record(11, 150, 20, c(1, 5, 20, 40, 60)),
  wide = record(23, 60, 90, c(2, 10, 30, 60))
)), "lasso.json")
