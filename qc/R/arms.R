# Responders of two arms: differences, odds ratios, strata. x1 of n1 stand against x0 of n0.

DIFFERENCES <- list(
  wald = function(x1, n1, x0, n0, level) {
    p <- c(x1 / n1, x0 / n0)
    p[1] - p[2] + c(-1, 1) * z_of(level) * sqrt(sum(p * (1 - p) / c(n1, n0)))
  },
  wald_cc = function(x1, n1, x0, n0, level) suppressWarnings(prop.test(c(x1, x0), c(n1, n0), conf.level = level))$conf.int,
  agresti_caffo = function(x1, n1, x0, n0, level) pmin(pmax(DIFFERENCES$wald(x1 + 1, n1 + 2, x0 + 1, n0 + 2, level), -1), 1),
  newcombe = function(x1, n1, x0, n0, level) hybrid(x1, n1, x0, n0, INTERVALS$wilson(x1, n1, level), INTERVALS$wilson(x0, n0, level)),
  newcombe_cc = function(x1, n1, x0, n0, level) hybrid(x1, n1, x0, n0, INTERVALS$wilson_cc(x1, n1, level), INTERVALS$wilson_cc(x0, n0, level)),
  # The differences that the score test with the factor N / (N - 1) does not reject.
  miettinen_nurminen = function(x1, n1, x0, n0, level) {
    N <- n1 + n0
    z <- function(t) {
      # The most likely p0 with p1 = p0 + t: where the likelihood's derivative changes its sign.
      low <- max(0, -t)
      high <- min(1, 1 - t)
      slope <- function(p) {
        up <- (if (x1) x1 / (p + t) else 0) + (if (x0) x0 / p else 0)
        down <- (if (n1 - x1) (n1 - x1) / (1 - p - t) else 0) + (if (n0 - x0) (n0 - x0) / (1 - p) else 0)
        up - down
      }
      for (step in 1:200) {
        p <- (low + high) / 2
        if (p <= low || p >= high) break
        if (slope(p) > 0) low <- p else high <- p
      }
      v <- ((p + t) * (1 - p - t) / n1 + p * (1 - p) / n0) * N / (N - 1)
      (x1 / n1 - x0 / n0 - t) / sqrt(v)
    }
    d <- x1 / n1 - x0 / n0
    end <- function(sign) {
      if (d == -sign) return(d)
      f <- function(t) sign * z(t) + z_of(level)
      edge <- sign * (1 - 1e-12)
      uniroot(f, sort(c(d, edge)), tol = 1e-15)$root
    }
    c(end(-1), end(1))
  }
)
hybrid <- function(x1, n1, x0, n0, one, other) {
  d <- x1 / n1 - x0 / n0
  c(d - sqrt((x1 / n1 - one[1])^2 + (other[2] - x0 / n0)^2), d + sqrt((one[2] - x1 / n1)^2 + (x0 / n0 - other[1])^2))
}

RATIOS <- list(
  sample = function(x1, n1, x0, n0, level) {
    cells <- c(x1, n1 - x1, x0, n0 - x0)
    ratio <- cells[1] * cells[4] / (cells[2] * cells[3])
    if (is.nan(ratio)) ratio <- NA
    c(ratio, if (any(cells == 0)) c(NA, NA) else ratio * exp(c(-1, 1) * z_of(level) * sqrt(sum(1 / cells))))
  },
  # As fisher.test, which searches to 4 digits only.
  conditional = function(x1, n1, x0, n0, level) {
    x <- max(0, x1 + x0 - n0):min(n1, x1 + x0)
    if (length(x) == 1) return(c(NA, 0, Inf))
    ways <- lchoose(n1, x) + lchoose(n0, x1 + x0 - x)
    chance <- function(t) {
      w <- ways + t * x
      w <- exp(w - max(w))
      w / sum(w)
    }
    solve_for <- function(f) exp(uniroot(function(t) f(chance(t)), c(-700, 700), tol = 1e-14)$root)
    a <- (1 - level) / 2
    first <- x1 == x[1]
    last <- x1 == x[length(x)]
    c(
      if (first) 0 else if (last) Inf else solve_for(function(p) sum(p * x) - x1),
      if (first) 0 else solve_for(function(p) sum(p[x >= x1]) - a),
      if (last) Inf else solve_for(function(p) a - sum(p[x <= x1]))
    )
  }
)

METHODS$difference <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  compare <- isTRUE(o$compare)
  ratio <- o$odds_ratio %||% "conditional"
  ratio_names <- c("odds_ratio", "odds_ratio_low", "odds_ratio_high")
  each_model(chosen, function(arms) {
    side <- function(arm, line) {
      rows <- arms[[arm]]$rows
      people <- arms[[arm]]$people
      if (!is.null(line)) {
        met <- if (is.null(line$at)) meets(rows, line$where) else rows[[line$at$g2]] == line$at$l2 & rows[[line$at$g3]] == line$at$l3
        y <- as.numeric(people$USUBJID %in% rows$USUBJID[met])
        return(list(people = people, y = y, missing = 0))
      }
      y <- response_of(rows, people, chosen$variables[1])
      missing <- sum(is.na(y))
      if (identical(o$missing, "exclude")) {
        people <- people[!is.na(y), ]
        y <- y[!is.na(y)]
      }
      list(people = people, y = ifelse(is.na(y), 0, y), missing = missing)
    }
    lines <- if (is.null(o$lines)) list(NULL) else o$lines
    if (!is.null(o$terms)) {
      for (arm in names(arms)) for (name in unlist(o$terms)) arms[[arm]]$rows[[name]][is.na(arms[[arm]]$rows[[name]])] <- "Not coded"
      found <- common_terms(arms, unlist(o$terms), o$at_least %||% 0)
      lines <- found$lines
      for (arm in setdiff(names(arms), o$reference)) add(arms[[arm]]$place, c(terms_left_out = found$left_out), "nrow")
    }
    for (arm in setdiff(names(arms), o$reference)) for (line in lines) {
      at <- line$at %||% c(variable = if (is.null(line)) chosen$variables[1] else "line", level = line$id)
      place <- c(arms[[arm]]$place, at)
      one <- side(arm, line)
      other <- side(o$reference, line)
      x1 <- sum(one$y)
      n1 <- length(one$y)
      x0 <- sum(other$y)
      n0 <- length(other$y)
      add(place, c(n = x1, N = n1, n_missing = one$missing, reference_n = x0, reference_N = n0, reference_n_missing = other$missing), "sum")
      add(place, c(p = share(x1, n1), reference_p = share(x0, n0)), "n / N")
      enough <- n1 > 0 && n0 > 0
      put <- function(names, f, how, kind = "exact", ...) {
        values <- if (enough) f(x1, n1, x0, n0, level) else rep(NA, length(names))
        add(place, setNames(values, names), how, kind, ...)
      }
      put("difference", function(...) x1 / n1 - x0 / n0, "x1 / n1 - x0 / n0")
      intervals <- unlist(o$intervals %||% "newcombe")
      for (name in intervals) {
        put(paste0(name, c("_low", "_high")), DIFFERENCES[[name]], name, if (name == "miettinen_nurminen") "iterative" else "exact")
      }
      cells <- matrix(c(x1, n1 - x1, x0, n0 - x0), 2)
      put("fisher_p", function(...) fisher.test(cells)$p.value, "fisher.test")
      put(ratio_names, RATIOS[[ratio]], paste(ratio, "odds ratio"), if (ratio == "conditional") "iterative" else "exact")
      if (compare && enough) {
        named <- paste0(intervals[1], c("_low", "_high"))
        put(named, DIFFERENCES$wald_cc, "prop.test", context = "R default (prop.test): Wald with continuity correction")
        put(named, DIFFERENCES$wald, "prop.test(correct = FALSE)", context = "SAS default (PROC FREQ RISKDIFF): Wald")
        chi <- function(correct) function(...) {
          if ((x1 + x0) %in% c(0, n1 + n0)) NA else suppressWarnings(prop.test(c(x1, x0), c(n1, n0), correct = correct))$p.value
        }
        put("fisher_p", chi(TRUE), "prop.test", context = "R default (prop.test, chisq.test): chi-square with continuity correction")
        put("fisher_p", chi(FALSE), "prop.test(correct = FALSE)", context = "SAS default (PROC FREQ CHISQ): chi-square")
        beside <- setdiff(names(RATIOS), ratio)
        said <- c(sample = "SAS default (PROC FREQ): sample odds ratio, Wald", conditional = "R default (fisher.test): conditional odds ratio, exact")
        put(ratio_names, RATIOS[[beside]], paste(beside, "odds ratio"), "iterative", context = said[[beside]])
      }
      if (length(o$strata)) stratified(add, place, one, other, unlist(o$strata), level, compare && enough)
    }
  })
}

# Terms of two levels that `share` of the subjects of some arm had, each as a line with its place; how many were rarer.
common_terms <- function(arms, names, share) {
  rows <- do.call(rbind, lapply(base::names(arms), function(arm) cbind(arms[[arm]]$rows[c("USUBJID", names)], .arm = rep(arm, nrow(arms[[arm]]$rows)))))
  listed <- unique(rows[names])
  sizes <- vapply(arms, function(arm) nrow(arm$people), 0)
  often <- vapply(seq_len(nrow(listed)), function(k) {
    one <- rows[rows[[names[1]]] == listed[[1]][k] & rows[[names[2]]] == listed[[2]][k], ]
    n <- tapply(one$USUBJID, factor(one$.arm, base::names(arms)), function(ids) length(unique(ids)), default = 0)
    any(n > 0 & n >= share * sizes)
  }, FALSE)
  lines <- lapply(which(often), function(k) {
    list(at = list(g2 = names[1], l2 = listed[[1]][k], g3 = names[2], l3 = listed[[2]][k]))
  })
  list(lines = lines, left_out = sum(!often))
}

stratified <- function(add, place, one, other, strata, level, compare) {
  people <- rbind(one$people, other$people)
  y <- c(one$y, other$y)
  arm <- rep(1:0, c(length(one$y), length(other$y)))
  whole <- complete.cases(people[strata])
  stratum <- as.integer(interaction(people[whole, strata, drop = FALSE], drop = TRUE))
  add(place, c(strata = length(unique(stratum)), cmh_df = 1), "length(unique)")
  add(if (is.null(place$level)) c(place, level = "No stratum") else place, c(left_out = sum(!whole)), "complete.cases")
  cells <- table(factor(y[whole], 1:0), factor(arm[whole], 1:0), stratum)
  x1 <- cells[1, 1, ]
  n1 <- colSums(cells[, 1, , drop = FALSE], dims = 2)
  x0 <- cells[1, 2, ]
  n0 <- colSums(cells[, 2, , drop = FALSE], dims = 2)
  n <- n1 + n0
  test <- function(correct) {
    use <- n > 1
    if (!any((x1 + x0 > 0 & x1 + x0 < n & n1 > 0 & n0 > 0)[use])) return(c(NA, NA))
    v <- sum((n1 * n0 * (x1 + x0) * (n - x1 - x0) / (n^2 * (n - 1)))[use])
    away <- abs(sum((x1 - n1 * (x1 + x0) / n)[use]))
    chisq <- (away - (correct && away >= 0.5) * 0.5)^2 / v
    c(chisq, pchisq(chisq, 1, lower.tail = FALSE))
  }
  # mantelhaen.test wants two subjects in each stratum and two strata.
  fit <- if (sum(n > 1) > 1 && all(n > 1)) mantelhaen.test(cells, correct = FALSE, conf.level = level)
  found <- if (is.null(fit)) test(FALSE) else c(fit$statistic, fit$p.value)
  add(place, setNames(found, c("cmh_chisq", "cmh_p")), "mantelhaen.test(correct = FALSE)")
  if (compare) add(place, setNames(test(TRUE), c("cmh_chisq", "cmh_p")), "mantelhaen.test", context = "R default (mantelhaen.test): with continuity correction")
  a <- x1
  b <- n1 - x1
  c <- x0
  d <- n0 - x0
  R <- sum(a * d / n)
  S <- sum(b * c / n)
  ratio <- c(if (R == 0 && S == 0) NA else R / S, NA, NA)
  if (R > 0 && S > 0) {
    P <- (a + d) / n
    Q <- (b + c) / n
    v <- sum(P * a * d / n) / (2 * R^2) + sum(P * b * c / n + Q * a * d / n) / (2 * R * S) + sum(Q * b * c / n) / (2 * S^2)
    ratio <- R / S * exp(c(0, -1, 1) * z_of(level) * sqrt(v))
    if (!is.null(fit)) ratio <- base::c(fit$estimate, fit$conf.int)
  }
  add(place, setNames(ratio, c("mh_odds_ratio", "mh_odds_ratio_low", "mh_odds_ratio_high")), "mantelhaen.test")
  use <- n1 > 0 & n0 > 0
  W <- sum((n1 * n0 / n)[use])
  delta <- se <- NA
  if (W > 0) {
    delta <- sum(((x1 * n0 - x0 * n1) / n)[use]) / W
    P <- (n1^2 * x0 - n0^2 * x1 + n1 * n0 * (n0 - n1) / 2) / n^2
    Q <- (x1 * (n0 - x0) + x0 * (n1 - x1)) / (2 * n)
    se <- sqrt(delta * sum(P[use]) + sum(Q[use])) / W
  }
  add(place, c(mh_difference = delta, mh_difference_se = se, mh_difference_low = delta - z_of(level) * se, mh_difference_high = delta + z_of(level) * se), "Mantel-Haenszel weights, Sato")
}
