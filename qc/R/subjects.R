# Responses of subjects against what is known of them at baseline: subgroups, and Firth's logistic regression.

# Each subject's response, and text of a variable of ADSL.
response_of <- function(rows, people, variable) {
  one_row_each(rows)
  rows[[variable]][match(people$USUBJID, rows$USUBJID)]
}
adsl_text <- function(people, variable, chosen) as_level(people[[variable]], chosen$study$types$adsl[[variable]])
levels_of <- function(chosen, planned) {
  unique(c(as.character(unlist(planned$levels)), na.omit(adsl_text(chosen$people, planned$variable, chosen))))
}
# A level that too few subjects of all arms have takes its variable out.
rare <- function(chosen, planned) {
  !is.null(planned$needs) &&
    sum(adsl_text(chosen$people, planned$variable, chosen) %in% planned$needs) < chosen$options$min_subjects
}

METHODS$subgroup <- function(chosen, add) {
  o <- chosen$options
  left_out <- vapply(o$subgroups, function(planned) rare(chosen, planned), TRUE)
  shown <- o$subgroups[!left_out]
  held <- sum(vapply(shown, function(planned) length(unique(adsl_text(chosen$people, planned$variable, chosen))), 0))
  each_cell(chosen, function(place, rows, people) {
    y <- response_of(rows, people, chosen$variables[1])
    for (planned in shown) {
      level <- adsl_text(people, planned$variable, chosen)
      everywhere <- adsl_text(chosen$people, planned$variable, chosen)
      for (name in c(levels_of(chosen, planned), if (anyNA(everywhere)) "Missing")) {
        mine <- if (name == "Missing") is.na(level) else level %in% name
        at <- c(place, list(variable = planned$variable, g2 = planned$variable, l2 = name))
        x <- sum(y[mine] == 1, na.rm = TRUE)
        n <- sum(if (identical(o$missing, "exclude")) mine & !is.na(y) else mine)
        add(at, c(n = x, n_not = sum(y[mine] == 0, na.rm = TRUE), n_missing = sum(is.na(y[mine])), N = n), "sum")
        add(at, c(p = share(x, n)), "n / N")
        for (kind in unlist(o$intervals %||% "clopper_pearson")) {
          ends <- if (n > 0) INTERVALS[[kind]](x, n, o$level %||% 0.95) else c(NA, NA)
          add(at, setNames(ends, paste0(kind, c("_low", "_high"))), CALLS[[kind]], kind_of(kind))
        }
      }
    }
    for (planned in o$subgroups[left_out]) {
      there <- adsl_text(people, planned$variable, chosen) %in% planned$needs
      add(c(place, variable = planned$variable), c(too_few = sum(there)), "sum")
    }
    add(c(place, variable = chosen$variables[1]), c(looks = length(shown), subgroups = held), "length")
  })
}

# ---- Firth's penalised likelihood -----------------------------------------------------------------------------------

# Penalised log likelihood at beta, its score and information.
firth_at <- function(X, y, beta) {
  eta <- drop(X %*% beta)
  p <- plogis(eta)
  w <- p * plogis(-eta)
  root <- chol(crossprod(X * sqrt(w)))
  h <- colSums(backsolve(root, t(X * sqrt(w)), transpose = TRUE)^2)
  list(
    value = sum(y * plogis(eta, log.p = TRUE) + (1 - y) * plogis(-eta, log.p = TRUE)) + sum(log(diag(root))),
    score = drop(crossprod(X, y - p + h * (0.5 - p))), information = crossprod(root)
  )
}

# Steps of Newton, the slope of the score taken from differences; of scoring where the likelihood is not concave. Scoring
# alone overshoots where a level has one subject, and ends in a ball of noise of 1e-8.
firth_step <- function(X, y, beta, free, here) {
  slope <- vapply(free, function(j) {
    by <- replace(numeric(length(beta)), j, 1e-5)
    (firth_at(X, y, beta + by)$score[free] - firth_at(X, y, beta - by)$score[free]) / 2e-5
  }, numeric(length(free)))
  slope <- matrix(slope, length(free))
  bend <- -(slope + t(slope)) / 2
  if (inherits(try(chol(bend), silent = TRUE), "try-error")) bend <- here$information[free, free, drop = FALSE]
  solve(bend, here$score[free])
}

# Maximum over the coefficients `free`, the others as they are.
firth_maximum <- function(X, y, beta = numeric(ncol(X)), free = seq_len(ncol(X))) {
  here <- firth_at(X, y, beta)
  for (step in 1:500) {
    if (!length(free)) break
    move <- firth_step(X, y, beta, free, here)
    if (sum(move * here$score[free]) < 1e-24) break
    half <- 1
    repeat {
      tried <- beta
      tried[free] <- beta[free] + half * move
      there <- tryCatch(firth_at(X, y, tried), error = function(e) list(value = -Inf))
      if (there$value >= here$value - 1e-12 || half < 1e-9) break
      half <- half / 2
    }
    beta <- tried
    here <- there
  }
  c(here, list(beta = beta))
}

firth_test <- function(X, y, fit, zero) {
  beta <- fit$beta
  beta[zero] <- 0
  null <- firth_maximum(X, y, beta, setdiff(seq_along(beta), zero))
  chisq <- max(0, 2 * (fit$value - null$value))
  c(chisq, length(zero), pchisq(chisq, length(zero), lower.tail = FALSE))
}

firth_end <- function(X, y, fit, j, side, level) {
  target <- qchisq(level, 1)
  se <- sqrt(diag(solve(fit$information)))[j]
  free <- setdiff(seq_along(fit$beta), j)
  from <- fit$beta
  fall <- function(b) {
    from[j] <<- b
    near <- firth_maximum(X, y, from, free)
    from <<- near$beta
    2 * (fit$value - near$value) - target
  }
  far <- 1
  while (fall(fit$beta[j] + side * far * qnorm(0.5 + level / 2) * se) < 0) far <- far * 1.5
  ends <- sort(fit$beta[j] + c(0, side * far * qnorm(0.5 + level / 2) * se))
  uniroot(fall, ends, tol = 1e-12)$root
}

# The ordinary fit, or nothing where the responses are separated and no finite estimate exists.
ordinary <- function(X, y) {
  scale <- apply(abs(X), 2, max)
  fit <- suppressWarnings(glm.fit(sweep(X, 2, scale, "/"), y, family = binomial(), control = list(epsilon = 1e-15, maxit = 200)))
  # The weights that glm.fit keeps are those of the step before the last.
  p <- plogis(drop(sweep(X, 2, scale, "/") %*% fit$coefficients))
  information <- crossprod(sweep(X, 2, scale, "/") * sqrt(p * (1 - p)))
  se <- tryCatch(sqrt(diag(solve(information))), error = function(e) Inf)
  if (max(se) > 1e4 || !isTRUE(fit$rank == ncol(X))) return(NULL)
  list(beta = unname(fit$coefficients) / scale, se = se / scale)
}

METHODS$firth <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  z <- qnorm(0.5 + level / 2)
  response <- chosen$variables[1]
  one <- c("coef", "se", "or", "or_low", "or_high", "chisq", "p_value")
  call <- "own Newton steps on the penalised likelihood"
  each_cell(chosen, function(place, rows, people) {
    all <- response_of(rows, people, response)
    looks <- 0
    for (model in o$models) {
      at <- c(place, list(g2 = "model", l2 = model$id))
      few <- Filter(function(planned) rare(chosen, planned), model$covariates)
      for (planned in few) {
        there <- adsl_text(people, planned$variable, chosen) %in% planned$needs
        add(c(at, variable = planned$variable), c(too_few = sum(there)), "sum")
      }
      if (length(few)) next
      looks <- looks + 1
      missing <- sapply(model$covariates, function(planned) ifelse(is.na(people[[planned$variable]]), planned$variable, ""))
      missing <- apply(matrix(missing, nrow(people)), 1, function(names) paste(names[nzchar(names)], collapse = ", "))
      why <- ifelse(nzchar(missing), paste("missing", missing), "")
      if (identical(o$missing, "exclude")) why[is.na(all)] <- "no response value"
      inside <- !nzchar(why)
      y <- ifelse(is.na(all[inside]), 0, all[inside])
      X <- matrix(1, sum(inside), 1)
      parts <- list()
      problem <- if (!any(inside)) "no subject"
      for (planned in model$covariates) {
        part <- list(variable = planned$variable, per = 1, columns = list())
        if (isTRUE(planned$continuous)) {
          values <- people[[planned$variable]][inside]
          part$per <- planned$per %||% 1
          X <- cbind(X, values)
          part$columns <- list(list(level = NULL, j = ncol(X)))
        } else {
          values <- adsl_text(people, planned$variable, chosen)[inside]
          part$levels <- levels_of(chosen, planned)
          part$values <- values
          if (!any(values == planned$reference)) problem <- "no subject at the reference"
          for (name in setdiff(part$levels, planned$reference)) {
            known <- any(values == name)
            if (known) X <- cbind(X, as.numeric(values == name))
            part$columns <- c(part$columns, list(list(level = name, j = if (known) ncol(X))))
          }
        }
        if (length(unique(values)) < 2) problem <- "one level only"
        parts <- c(parts, list(part))
      }
      X <- unname(X)
      count <- ncol(X) - 1
      if (is.null(problem) && qr(X)$rank < ncol(X)) problem <- "the covariates determine one another"
      fit <- if (is.null(problem)) firth_maximum(X, y)
      plain <- if (is.null(problem)) ordinary(X, y)
      test <- function(place, name, zero) {
        found <- if (is.null(fit) || !length(zero)) rep(NA, 3) else firth_test(X, y, fit, zero)
        add(place, setNames(found, paste0(name, c("_chisq", "_df", "_p"))), call, "iterative")
      }
      for (part in parts) {
        mine <- c(at, variable = part$variable)
        add(mine, c(entered = sum(inside)), "sum")
        for (reason in unique(why[!inside])) add(c(mine, level = reason), c(left_out = sum(why == reason)), "sum")
        if (is.null(part$levels)) add(mine, c(responders = sum(y), subjects = length(y)), "sum")
        for (name in part$levels) {
          add(c(mine, level = name), c(responders = sum(y[part$values == name]), subjects = sum(part$values == name)), "sum")
        }
        for (term in part$columns) {
          here <- c(mine, level = term$level)
          if (is.null(fit) || is.null(term$j)) {
            add(here, setNames(rep(NA, 7), one), "no estimate")
            next
          }
          j <- term$j
          se <- sqrt(diag(solve(fit$information)))[j]
          ends <- c(firth_end(X, y, fit, j, -1, level), firth_end(X, y, fit, j, 1, level))
          ratio <- firth_test(X, y, fit, j)
          add(here, setNames(c(
            part$per * fit$beta[j], part$per * se, exp(part$per * fit$beta[j]), exp(part$per * ends), ratio[1], ratio[3]
          ), one), c(rep(call, 3), rep("uniroot on the profile", 2), rep(call, 2)), "iterative")
          wald <- function(beta, se, context, how) {
            values <- c(exp(part$per * (beta + c(-z, z) * se)), pchisq((beta / se)^2, 1, lower.tail = FALSE))
            add(here, setNames(values, c("or_low", "or_high", "p_value")), how, "iterative", context)
          }
          wald(fit$beta[j], se, "penalised fit, Wald interval and test", call)
          likelihood <- "maximum likelihood, Wald interval and test"
          add(here, c(or = if (is.null(plain)) NA else exp(part$per * plain$beta[j])), "glm", "iterative", likelihood)
          if (!is.null(plain)) wald(plain$beta[j], plain$se[j], likelihood, "glm")
        }
        test(mine, "joint", unlist(lapply(part$columns, `[[`, "j")))
      }
      whole <- c(at, variable = response)
      rarer <- min(sum(y == 1), sum(y == 0))
      add(whole, c(entered = length(y), rarer = rarer, coefficients = count, epv = share(rarer, count)), "sum")
      add(whole, c(intercept = fit$beta[1] %||% NA, loglik = fit$value %||% NA), call, "iterative")
      test(whole, "overall", seq_len(count) + 1)
    }
    add(c(place, variable = response), c(looks = looks), "length")
  })
}
