# Proportions and rates with exact intervals.

SHARP <- 1e-15 # how near uniroot comes to a root
z_of <- function(level) qnorm(0.5 + level / 2)
score_end <- function(x, n, z, sign) (x / n + z^2 / (2 * n) + sign * z * sqrt(x / n * (1 - x / n) / n + z^2 / (4 * n^2))) / (1 + z^2 / n)
score_corrected <- function(x, n, level, by) {
  c(if (x - by < 0) 0 else score_end(x - by, n, z_of(level), -1), if (x + by > n) 1 else score_end(x + by, n, z_of(level), 1))
}
wald <- function(x, n, level) x / n + c(-1, 1) * z_of(level) * sqrt(x / n * (1 - x / n) / n)

INTERVALS <- list(
  clopper_pearson = function(x, n, level) binom.test(x, n, conf.level = level)$conf.int,
  wilson = function(x, n, level) suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int,
  wilson_cc = function(x, n, level) score_corrected(x, n, level, 0.5),
  jeffreys = function(x, n, level) {
    a <- (1 - level) / 2
    c(if (x == 0) 0 else qbeta(a, x + 0.5, n - x + 0.5), if (x == n) 1 else qbeta(1 - a, x + 0.5, n - x + 0.5))
  },
  mid_p = function(x, n, level) {
    a <- (1 - level) / 2
    above <- function(p) pbinom(x, n, p, lower.tail = FALSE) + dbinom(x, n, p) / 2
    root <- function(target) uniroot(function(p) above(p) - target, c(0, 1), tol = SHARP)$root
    c(if (x == 0) 0 else root(a), if (x == n) 1 else root(1 - a))
  },
  agresti_coull = function(x, n, level) wald(x + z_of(level)^2 / 2, n + z_of(level)^2, level),
  logit = function(x, n, level) if (x %in% c(0, n)) c(0, 1) else plogis(qlogis(x / n) + c(-1, 1) * z_of(level) * sqrt(1 / x + 1 / (n - x))),
  likelihood = function(x, n, level) {
    fall <- function(p) 2 * (dbinom(x, n, x / n, log = TRUE) - dbinom(x, n, p, log = TRUE)) - qchisq(level, 1)
    end <- function(range) uniroot(fall, range, tol = SHARP)$root
    c(if (x == 0) 0 else end(c(1e-300, x / n)), if (x == n) 1 else end(c(x / n, 1 - 1e-16)))
  },
  # All p at which x is accepted: P(X >= x), or P(X <= x) if smaller, plus the largest other tail not above it.
  blaker = function(x, n, level) {
    accepted <- function(p) {
      tail <- min(pbinom(x - 1, n, p, lower.tail = FALSE), pbinom(x, n, p))
      lower <- pbinom(0:n, n, p)
      upper <- pbinom(-1:(n - 1), n, p, lower.tail = FALSE)
      other <- if (pbinom(x - 1, n, p, lower.tail = FALSE) <= pbinom(x, n, p)) lower else upper
      tail + max(0, other[other <= tail * (1 + 1e-9)])
    }
    ends <- INTERVALS$clopper_pearson(x, n, level)
    first <- function(from, to) {
      grid <- seq(from, to, length.out = 4001)
      inside <- vapply(grid, accepted, 0) > 1 - level
      k <- which(inside)[1]
      if (k == 1) return(grid[1])
      low <- grid[k - 1]
      high <- grid[k]
      for (step in 1:100) {
        middle <- (low + high) / 2
        if (accepted(middle) > 1 - level) high <- middle else low <- middle
      }
      high
    }
    c(if (x == 0) 0 else first(ends[1], x / n), if (x == n) 1 else first(ends[2], x / n))
  },
  wald = wald,
  wald_cc = function(x, n, level) pmin(pmax(wald(x, n, level) + c(-0.5, 0.5) / n, 0), 1)
)
CALLS <- c(
  clopper_pearson = "binom.test", wilson = "prop.test(correct = FALSE)", wilson_cc = "roots of the score, x -+ 1/2",
  jeffreys = "qbeta(x + 1/2, n - x + 1/2)", mid_p = "uniroot on pbinom", agresti_coull = "x + z^2/2 of n + z^2",
  logit = "plogis(qlogis(x / n) -+ z se)", likelihood = "uniroot on dbinom", blaker = "search on pbinom",
  wald = "x / n -+ z se", wald_cc = "x / n -+ (z se + 1 / (2 n))"
)
SEARCHED <- c("mid_p", "likelihood", "blaker")
kind_of <- function(name) if (name %in% SEARCHED) "iterative" else "exact"

METHODS$proportion <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  variable <- chosen$variables[1]
  each_cell(chosen, function(place, rows, people) {
    one_row_each(rows)
    place$variable <- variable
    value <- rows[[variable]]
    x <- sum(value == 1, na.rm = TRUE)
    no <- sum(value == 0, na.rm = TRUE)
    missing <- nrow(people) - x - no
    n <- if (identical(o$missing, "exclude")) x + no else nrow(people)
    add(place, c(n = x, n_not = no, n_missing = missing, N = n), "sum")
    add(place, c(p = share(x, n)), "n / N")
    for (name in unlist(o$intervals %||% "clopper_pearson")) {
      ends <- if (n > 0) INTERVALS[[name]](x, n, level) else c(NA, NA)
      add(place, setNames(ends, paste0(name, c("_low", "_high"))), CALLS[[name]], kind_of(name))
    }
    compare <- isTRUE(o$compare) && n > 0
    first <- unlist(o$intervals %||% "clopper_pearson")[1]
    if (compare && !is.na(first)) {
      named <- paste0(first, c("_low", "_high"))
      theirs <- suppressWarnings(prop.test(x, n, conf.level = level))$conf.int
      add(place, setNames(theirs, named), "prop.test", context = "R default (prop.test): Wilson with continuity correction")
      add(place, setNames(wald(x, n, level), named), CALLS[["wald"]], context = "SAS default (PROC FREQ): Wald")
    }
    for (p0 in unlist(o$null_rates)) {
      at <- c(place, level = sprintf("%g", p0))
      tails <- pbinom(seq(0, n) - 1, n, p0, lower.tail = FALSE)
      boundary <- c(which(tails <= o$alpha_one_sided), n + 2)[1] - 1
      p <- if (n > 0) binom.test(x, n, p0, alternative = "greater")$p.value else NA
      add(at, c(p0 = p0, boundary = boundary), "pbinom(x - 1, n, p0, lower.tail = FALSE) <= alpha")
      add(at, c(p_value = p), "binom.test(alternative = 'greater')")
      add(at, c(attained_alpha = if (boundary > n) 0 else tails[boundary + 1]), "pbinom")
      add(at, c(verdict = isTRUE(p <= o$alpha_one_sided)), "p <= alpha")
      if (!compare) next
      add(at, c(p_value = binom.test(x, n, p0)$p.value), "binom.test", context = "R and scipy default (binom.test): two-sided, counts no more likely")
      twice <- min(1, 2 * min(p, pbinom(x, n, p0)))
      add(at, c(p_value = twice), "2 pbinom", context = "SAS exact two-sided (PROC FREQ): 2 x one-sided")
      z <- abs(x / n - p0) / sqrt(p0 * (1 - p0) / n)
      add(at, c(p_value = pnorm(-z)), "pnorm", context = "SAS default (PROC FREQ): z, one-sided towards the estimate")
    }
    if (!is.null(chosen$spec$without)) {
      add(place, c(n_left_out = sum(in_column(chosen$left_out, place$l1, chosen))), "sum")
    }
  })
}

# Time at risk: first dose to the first event, or to the earliest of the declared ends; both days count.
METHODS$rates <- function(chosen, add) {
  o <- chosen$options
  page <- chosen$study$page
  start <- o$start %||% "TRTSDT"
  date <- o$date %||% "ASTDT"
  each_cell(chosen, function(place, rows, people) {
    place$variable <- date
    ends <- lapply(names(o$ends), function(name) {
      if (name == "cutoff") return(rep(as.numeric(as.Date(page$study$cutoff)), nrow(people)))
      plus <- o$ends[[name]]
      people[[name]] + if (is.character(plus)) page[[plus]] else plus
    })
    end <- do.call(pmin, c(ends, na.rm = TRUE))
    begin <- people[[start]]
    timed <- !is.na(begin) & !is.na(end) & end >= begin
    add(place, c(N = sum(timed), n_no_time = sum(!timed)), "sum")
    who <- people$USUBJID[timed]
    begin <- begin[timed]
    whole <- end[timed] - begin + 1
    for (line in o$lines) {
      had <- rows[meets(rows, line$where), ]
      stray <- sum(!had$USUBJID %in% who)
      had <- had[had$USUBJID %in% who, ]
      dated <- had[!is.na(had[[date]]), ]
      first <- tapply(dated[[date]], factor(dated$USUBJID, who), min)[who]
      days <- pmin(whole, pmax(first - begin + 1, 1), na.rm = TRUE)
      x <- people_with(had)
      years <- sum(days) / 365.25
      at <- c(place, level = line$id)
      add(at, c(n = x, events = nrow(had), n_undated = x - people_with(dated), n_before = sum(first < begin, na.rm = TRUE)), "sum")
      add(at, c(events_no_time = stray), "sum")
      add(at, c(years = years), "sum(days) / 365.25")
      rate <- rep(NA_real_, 3)
      if (years > 0) {
        test <- poisson.test(x, years, conf.level = o$level %||% 0.95)
        rate <- 100 * c(test$estimate, test$conf.int)
      }
      add(at, setNames(rate, c("rate", "rate_low", "rate_high")), "poisson.test")
    }
  })
}
