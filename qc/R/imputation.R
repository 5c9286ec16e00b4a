# Missing responses: multiple imputation pooled by Rubin's rules, and the exact tipping point.

# Pools estimates q with variances u; n is the number of subjects (mice takes n - 1 degrees of freedom from it).
rubin <- function(q, u, n) {
  if (length(unique(q)) == 1) {
    nu <- n - 1
    df <- nu * (nu + 1) / (nu + 3)
    return(list(estimate = q[1], within = mean(u), between = 0, total = mean(u), increase = 0, share = 0, df = df, fmi = 0))
  }
  pooled <- mice::pool.scalar(q, u, n = n, k = 1)
  share <- (1 + 1 / length(q)) * pooled$b / pooled$t
  list(
    estimate = pooled$qbar, within = pooled$ubar, between = pooled$b, total = pooled$t, increase = pooled$r,
    share = share, df = pooled$df, fmi = pooled$fmi
  )
}
by_logit <- function(x, n) rubin(qlogis(x / n), 1 / x + 1 / (n - x), n)
plainly <- function(x, n) rubin(x / n, x / n * (1 - x / n) / n, n)

# Wilson's interval with a variance raised by what is missing (Lott and Reiter).
lott_reiter <- function(x, n, level) {
  pooled <- plainly(x, n)
  r <- pooled$increase
  t <- qt(0.5 + level / 2, if (r == 0) Inf else (length(x) - 1) * (1 + 1 / r)^2)
  p <- pooled$estimate
  # (p - c)^2 = t^2 c (1 - c) (1 + r) / n, solved for c.
  k <- t^2 * (1 + r) / n
  centre <- (2 * p + k) / (2 * (1 + k))
  half <- sqrt(k^2 + 4 * k * p * (1 - p)) / (2 * (1 + k))
  list(estimate = p, ends = c(if (p == 0) 0 else centre - half, if (p == 1) 1 else centre + half), pooled = pooled)
}
pooled_proportion <- function(x, n, level) {
  if (any(x %in% c(0, n))) return(c(lott_reiter(x, n, level), logit = FALSE))
  pooled <- by_logit(x, n)
  ends <- plogis(pooled$estimate + c(-1, 1) * qt(0.5 + level / 2, pooled$df) * sqrt(pooled$total))
  list(estimate = plogis(pooled$estimate), ends = ends, pooled = pooled, logit = TRUE)
}

METHODS$multiple_imputation <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  limits <- unlist(o$limits %||% list(-Inf, Inf))
  rule <- o$criterion
  unit <- 10^(rule$decimals %||% 0)
  whole <- function(x) sign(x) * floor(abs(x) * unit + 0.5)
  imputed <- chosen$study$imputed[[chosen$id]] # the imputed scores themselves are random, and given
  each_cell(chosen, function(place, rows, people) {
    place$variable <- chosen$variables[1]
    answers <- meets(rows, o$response)
    response <- rows[answers, ]
    one_row_each(response)
    target <- unique(response$AVISIT)
    visits <- unlist(o$visits)
    score <- function(visit) {
      at <- rows[!answers & rows$AVISIT %in% visit, ]
      at$AVAL[match(people$USUBJID, at$USUBJID)]
    }
    base <- score(visits[1])
    seen <- !is.na(score(target))
    open <- people$USUBJID %in% response$USUBJID[meets(response, o$open)]
    eligible <- !is.na(base)
    if (!is.null(rule$fall)) eligible <- eligible & base > 0
    if (!is.null(rule$base_above)) eligible <- eligible & whole(base) > unit * rule$base_above
    if (!is.null(rule$base_at_least)) eligible <- eligible & whole(base) >= unit * rule$base_at_least
    gaps <- open & eligible
    add(place, c(entered = sum(!is.na(base)), n_observed = sum(seen), n_imputed = sum(gaps), n_kept = sum(!seen & !gaps)), "sum")
    if (anyNA(base)) add(c(place, level = "No baseline score"), c(left_out = sum(is.na(base))), "sum")
    add(place, c(m = o$m, iterations = o$iterations, seed = o$seed), "as declared")
    n <- nrow(people)
    y <- response$AVAL[match(people$USUBJID, response$USUBJID)] %in% 1
    draws <- imputed[imputed$arm == place$l1, ]
    if (nrow(draws) != sum(gaps) * o$m || !setequal(draws$USUBJID, people$USUBJID[gaps])) stop("other subjects were imputed")
    for (delta in o$deltas %||% list(NULL)) {
      at <- if (is.null(delta)) place else c(place, list(g2 = "Delta", l2 = sprintf("%g", delta)))
      add(at, c(N = n), "nrow")
      if (!is.null(delta)) add(at, c(delta = delta), "as declared")
      value <- pmin(pmax(draws$value + (delta %||% 0), limits[1]), limits[2])
      before <- whole(base[match(draws$USUBJID, people$USUBJID)])
      after <- whole(value)
      met <- rep(TRUE, length(value))
      if (!is.null(rule$fall)) met <- met & 100 * (before - after) >= rule$fall * before
      if (!is.null(rule$at_most)) met <- met & after <= unit * rule$at_most
      if (!is.null(rule$better_by)) met <- met & before - after >= unit * rule$better_by
      x <- sum(y[!gaps]) + as.numeric(tapply(met, factor(draws$imputation, seq_len(o$m)), sum, default = 0))
      add(at, c(imputed_mean = mean(value), p_imputed = mean(met), n = mean(x)), "mean")
      main <- pooled_proportion(x, n, level)
      wilson <- lott_reiter(x, n, level)
      p <- main$pooled
      call <- "mice::pool.scalar"
      add(at, c(p = main$estimate, pooled_low = main$ends[1], pooled_high = main$ends[2]), call)
      add(at, c(interval = if (main$logit) "Rubin, logit" else "Lott-Reiter"), call)
      add(at, c(wilson_low = wilson$ends[1], wilson_high = wilson$ends[2]), "roots of the quadratic")
      add(at, c(
        within = p$within, between = p$between, total = p$total, increase = p$increase, share = p$share, df = p$df,
        missing_information = p$fmi, efficiency = 1 / (1 + p$fmi / o$m)
      ), call)
      left <- sapply(seq_along(x), function(i) {
        one <- if (main$logit) pooled_proportion(x[-i], n, level) else lott_reiter(x[-i], n, level)
        c(one$estimate, one$ends)
      })
      jackknife <- sqrt((o$m - 1) / o$m * rowSums((left - rowMeans(left))^2))
      add(at, setNames(jackknife, c("mcse", "mcse_low", "mcse_high")), "jackknife over imputations")
      for (p0 in unlist(o$null_rates)) {
        tested <- c(at, level = sprintf("%g", p0))
        if (main$logit) {
          tail <- pt((p$estimate - qlogis(p0)) / sqrt(p$total), p$df, lower.tail = FALSE)
        } else {
          r <- wilson$pooled$increase
          t <- (wilson$estimate - p0) / sqrt(p0 * (1 - p0) * (1 + r) / n)
          tail <- pt(t, if (r == 0) Inf else (o$m - 1) * (1 + 1 / r)^2, lower.tail = FALSE)
        }
        add(tested, c(p0 = p0, p_value = tail, verdict = tail <= o$alpha_one_sided), "pt")
      }
      ends <- function(estimate, ends) c(p = estimate, pooled_low = ends[1], pooled_high = ends[2])
      q <- plainly(x, n)
      add(at, ends(q$estimate, q$estimate + c(-1, 1) * qt(0.5 + level / 2, q$df) * sqrt(q$total)), call,
        context = "Rubin's rules without logit (R: mice::pool of the proportion)"
      )
      few <- pooled_proportion(x[1:5], n, level)
      add(at, ends(few$estimate, few$ends), call, context = "m = 5, the default of R's mice")
    }
  })
}

# The share of responders among those imputed, once more from scores that R's mice draws by itself. Both are random:
# they must lie within three standard errors of their difference.
imputed_by_mice <- function(chosen) {
  o <- chosen$options
  limits <- unlist(o$limits %||% list(-Inf, Inf))
  unit <- 10^(o$criterion$decimals %||% 0)
  found <- list()
  each_cell(chosen, function(place, rows, people) {
    answers <- meets(rows, o$response)
    target <- match(unique(rows$AVISIT[answers]), unlist(o$visits))
    wide <- sapply(unlist(o$visits), function(visit) {
      at <- rows[!answers & rows$AVISIT %in% visit, ]
      at$AVAL[match(people$USUBJID, at$USUBJID)]
    })
    colnames(wide) <- paste0("v", seq_len(ncol(wide)))
    draws <- chosen$study$imputed[[chosen$id]]
    draws <- draws[draws$arm == place$l1, ]
    known <- !is.na(wide[, 1])
    method <- if (identical(o$imputer, "matching")) "pmm" else "norm"
    set.seed(o$seed)
    fit <- mice::mice(as.data.frame(wide[known, ]), m = 50, maxit = 10, method = method, printFlag = FALSE)
    who <- people$USUBJID[known][as.integer(rownames(fit$imp[[target]]))]
    base <- floor(wide[known, 1][as.integer(rownames(fit$imp[[target]]))] * unit + 0.5)
    responds <- function(values, base) {
      after <- floor(pmin(pmax(values, limits[1]), limits[2]) * unit + 0.5)
      100 * (base - after) >= o$criterion$fall * base
    }
    imputed <- who %in% draws$USUBJID
    theirs <- colMeans(responds(as.matrix(fit$imp[[target]])[imputed, , drop = FALSE], base[imputed]))
    own <- responds(draws$value, base[match(draws$USUBJID, who)])
    own <- tapply(own, draws$imputation, mean)
    z <- (mean(own) - mean(theirs)) / sqrt(var(own) / length(own) + var(theirs) / length(theirs))
    found[[length(found) + 1]] <<- data.frame(
      analysis = chosen$id, arm = place$l1, what = paste("share of responders among those imputed, mice", method),
      house = mean(own), r = mean(theirs), z = z
    )
  })
  do.call(rbind, found)
}

METHODS$tipping <- function(chosen, add) {
  o <- chosen$options
  each_cell(chosen, function(place, rows, people) {
    place$variable <- chosen$variables[1]
    one_row_each(rows)
    x <- sum(rows[[chosen$variables[1]]] %in% 1)
    n <- nrow(people)
    missing <- sum(people$USUBJID %in% rows$USUBJID[meets(rows, o$open)])
    add(place, c(n_missing = missing, entered = n), "sum")
    turn <- list()
    for (k in 0:missing) {
      share_of <- if (k == missing) "all" else if (k) "some" else "none"
      at <- c(place, list(g2 = "Missing counted as response", l2 = as.character(k), g3 = "Share of missing", l3 = share_of))
      add(at, c(k = k, n = x + k, N = n), "sum")
      add(at, c(p = share(x + k, n)), "n / N")
      ends <- if (n) binom.test(x + k, n, conf.level = o$level %||% 0.95)$conf.int else c(NA, NA)
      add(at, setNames(ends, c("clopper_pearson_low", "clopper_pearson_high")), "binom.test")
      for (p0 in unlist(o$null_rates)) {
        tail <- if (n) binom.test(x + k, n, p0, alternative = "greater")$p.value else NA
        rejected <- isTRUE(tail <= o$alpha_one_sided)
        name <- sprintf("%g", p0)
        if (rejected && is.null(turn[[name]])) turn[[name]] <- k
        add(c(at, level = name), c(p_value = tail, verdict = rejected), "binom.test(alternative = 'greater')")
      }
    }
    for (p0 in unlist(o$null_rates)) {
      name <- sprintf("%g", p0)
      add(c(place, level = name), c(p0 = p0), "as declared")
      add(c(place, level = name), if (is.null(turn[[name]])) c(tipping = "none") else c(tipping = turn[[name]]), "smallest k that rejects")
    }
  })
}
