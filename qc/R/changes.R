# Changes within subjects: paired t, signed rank, Hodges-Lehmann, McNemar.

# Chance of each doubled rank sum under random signs: midranks doubled are whole numbers, so no tie breaks the count.
sums_of_signs <- function(doubled) {
  chance <- 1
  for (r in doubled) chance <- (c(chance, numeric(r)) + c(numeric(r), chance)) / 2
  chance
}

signed_rank <- function(d, pratt = FALSE) {
  ranks <- if (pratt) rank(abs(d))[d != 0] else rank(abs(d[d != 0]))
  kept <- d[d != 0]
  list(ranks = ranks, plus = sum(ranks[kept > 0]), n = length(kept), zeros = sum(d == 0), tied = anyDuplicated(abs(kept)) > 0)
}
exact_p <- function(s) {
  chance <- sums_of_signs(round(2 * s$ranks))
  at <- round(2 * s$plus) + 1
  min(1, 2 * min(sum(chance[seq_len(at)]), sum(chance[at:length(chance)])))
}
normal_p <- function(s, correct) {
  away <- s$plus - sum(s$ranks) / 2
  z <- (away - sign(away) * 0.5 * correct) / sqrt(sum(s$ranks^2) / 4)
  c(z, 2 * pnorm(-abs(z)))
}
sas_p <- function(s) {
  if (s$n <= 20) return(exact_p(s))
  n <- s$n
  away <- s$plus - n * (n + 1) / 4
  t <- as.numeric(table(s$ranks))
  v <- n * (n + 1) * (2 * n + 1) / 24 - sum(t * (t + 1) * (t - 1)) / 48
  2 * pt(-abs(away) * sqrt((n - 1) / (n * v - away^2)), n - 1)
}

METHODS$paired <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  a <- (1 - level) / 2
  of <- function(option, variable, default) if (is.list(option)) option[[variable]] %||% default else option %||% default
  each_cell(chosen, function(place, rows, people) {
    one_row_each(rows)
    for (variable in chosen$variables) {
      place$variable <- variable
      x <- rows[[variable]][!is.na(rows[[variable]])]
      n <- length(x)
      decimals <- of(o$precision, variable, of(o$decimals, variable, 0))
      add(place, c(N = nrow(people), n = n), "length")
      seen <- people$USUBJID %in% rows$USUBJID
      known <- people$USUBJID %in% rows$USUBJID[!is.na(rows[[variable]])]
      add(c(place, level = "No analysed record"), c(left_out = sum(!seen)), "sum")
      add(c(place, level = "Value not defined"), c(left_out = sum(seen & !known)), "sum")
      t <- c(mean = NA, sd = NA, mean_low = NA, mean_high = NA, t = NA, t_df = NA, t_p = NA)
      if (n) t[c("mean", "t_df")] <- c(mean(x), n - 1)
      if (n > 1) {
        t["sd"] <- sd(x)
        t[c("mean_low", "mean_high")] <- mean(x) + c(-1, 1) * qt(1 - a, n - 1) * sd(x) / sqrt(n)
        if (sd(x) > 1e-12 * max(1, abs(mean(x)))) {
          test <- t.test(x, conf.level = level)
          t[c("mean_low", "mean_high", "t", "t_p")] <- c(test$conf.int, test$statistic, test$p.value)
        }
      }
      add(place, t, "t.test")
      d <- round(x * 10^decimals)
      s <- signed_rank(d, identical(o$zeros, "pratt"))
      exact <- s$n <= (o$exact_up_to %||% 200)
      add(place, c(n_zero = s$zeros, n_ranked = s$n), "sum")
      add(place, c(signed_rank = if (s$n) s$plus else NA), "rank")
      p <- NA
      if (s$n && exact) p <- exact_p(s)
      if (s$n && !exact) {
        found <- normal_p(s, !isFALSE(o$continuity))
        add(place, c(signed_rank_z = found[1]), "pnorm")
        p <- found[2]
      }
      add(place, c(signed_rank_p = p), if (exact) "all signs of the midranks counted" else "pnorm")
      corrected <- if (isFALSE(o$continuity)) "asymptotic" else "asymptotic, continuity corrected"
      add(place, c(signed_rank_method = if (!s$n) "not done" else if (exact) "exact" else corrected), "n <= exact_up_to")
      zeros <- sprintf("%d zero%s %s", s$zeros, if (s$zeros > 1) "s" else "", if (identical(o$zeros, "pratt")) "ranked first" else "dropped")
      ties <- c(if (s$tied) "midranks for ties" else "no ties", if (s$zeros) zeros)
      add(place, c(signed_rank_ties = paste(ties, collapse = "; ")), "anyDuplicated")
      if (isTRUE(o$compare) && s$n) {
        dropped <- signed_rank(d)
        theirs <- suppressWarnings(wilcox.test(d))$p.value
        add(place, c(signed_rank_p = theirs), "wilcox.test", context = "R default (wilcox.test)")
        add(place, c(signed_rank_p = sas_p(dropped)), "pt", context = "SAS default (PROC UNIVARIATE)")
        limit <- if (dropped$tied || dropped$zeros) 13 else 50
        scipy <- if (dropped$n + dropped$zeros <= limit) exact_p(dropped) else normal_p(dropped, FALSE)[2]
        add(place, c(signed_rank_p = scipy), "pnorm", context = "scipy default (wilcoxon)")
      }
      if (!n) {
        add(place, c(hl = NA, hl_low = NA, hl_high = NA), "no value")
        add(place, c(hl_method = "not done"), "no value")
        next
      }
      walsh <- outer(d, d, `+`)
      walsh <- sort(walsh[upper.tri(walsh, TRUE)]) / 2
      by_exact <- n <= (o$exact_up_to %||% 200)
      q <- if (by_exact) qsignrank(a, n) else floor(n * (n + 1) / 4 - qnorm(1 - a) * sqrt(n * (n + 1) * (2 * n + 1) / 24) + 0.5)
      q <- max(q, 1)
      ends <- c(walsh[q], walsh[length(walsh) + 1 - q])
      unit <- 10^decimals
      add(place, c(hl = median(walsh), hl_low = ends[1], hl_high = ends[2]) / unit, "Walsh averages, qsignrank")
      add(place, c(hl_method = if (by_exact) "exact" else "asymptotic, continuity corrected"), "n <= exact_up_to")
      if (isTRUE(o$compare)) {
        plain <- n < 50 && !s$tied && all(d != 0)
        if (!plain) {
          ends <- NULL # where R says that it cannot reach the level
          found <- tryCatch(
            withCallingHandlers(
              wilcox.test(d, conf.int = TRUE, conf.level = level, tol.root = 1e-13)$conf.int,
              warning = function(w) if (grepl("exact", conditionMessage(w))) invokeRestart("muffleWarning")
            ),
            error = function(e) NULL, warning = function(w) NULL
          )
          # The search ends beside a jump of the test; the jumps are at half units.
          if (length(unique(d[d != 0])) > 1 && !is.null(found)) ends <- round(2 * found) / 2
        }
        if (!is.null(ends)) add(place, setNames(ends / unit, c("hl_low", "hl_high")), "wilcox.test(conf.int = TRUE)", context = "R default (wilcox.test)")
      }
    }
  })
}

METHODS$mcnemar <- function(chosen, add) {
  o <- chosen$options
  variable <- chosen$variables[1]
  each_cell(chosen, function(place, rows, people) {
    place$variable <- variable
    response <- function(where) {
      y <- response_of(rows[meets(rows, where), ], people, variable)
      if (identical(o$missing, "nonresponder")) ifelse(is.na(y), 0, y) else y
    }
    first <- response(o$first)
    second <- response(o$second)
    known <- !is.na(first) & !is.na(second)
    cells <- table(factor(first[known], 1:0), factor(second[known], 1:0))
    b <- cells[1, 2]
    c <- cells[2, 1]
    add(place, c(N = sum(known), n_missing = sum(!known), n_both = cells[1, 1], n_first = b, n_second = c, n_neither = cells[2, 2]), "table")
    names <- c("p_value", "mid_p", "odds_ratio", "odds_ratio_low", "odds_ratio_high")
    if (b + c == 0) {
      add(place, setNames(rep(NA, 5), names), "none")
      return()
    }
    test <- binom.test(c, b + c, conf.level = o$level %||% 0.95)
    above <- pbinom(c, b + c, 0.5, lower.tail = FALSE) + dbinom(c, b + c, 0.5) / 2
    ends <- test$conf.int / (1 - test$conf.int)
    add(place, setNames(c(test$p.value, min(1, 2 * min(above, 1 - above)), c / b, ends), names), "binom.test(c, b + c)")
    if (isTRUE(o$compare)) {
      for (correct in c(TRUE, FALSE)) {
        chisq <- if (correct) max(abs(b - c) - 1, 0)^2 / (b + c) else unname(mcnemar.test(cells, correct = FALSE)$statistic)
        said <- if (correct) "R default (mcnemar.test): chi-square with continuity correction" else "SAS default (PROC FREQ AGREE): chi-square"
        add(place, c(p_value = pchisq(chisq, 1, lower.tail = FALSE)), "mcnemar.test", context = said)
      }
    }
  })
}
