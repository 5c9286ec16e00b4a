# Time to event beyond Kaplan and Meier: interval-censored times, competing events, Cox regression.

# Who did not enter, by the first reason that holds.
left_out <- function(add, place, people, reasons) {
  free <- rep(TRUE, nrow(people))
  for (reason in names(reasons)) {
    add(c(place, level = reason), c(left_out = sum(free & reasons[[reason]])), "sum")
    free <- free & !reasons[[reason]]
  }
  free
}

# ---- interval-censored times ----------------------------------------------------------------------------------------

# Least squares with coefficients >= 0 (Lawson and Hanson 1974).
nnls <- function(E, f) {
  x <- numeric(ncol(E))
  free <- logical(ncol(E))
  for (outer in 1:1000) {
    w <- drop(crossprod(E, f - E %*% x))
    w[free] <- -Inf
    if (all(free) || max(w) < 1e-13 * max(abs(crossprod(E, f)))) break
    free[which.max(w)] <- TRUE
    repeat {
      z <- numeric(ncol(E))
      z[free] <- qr.coef(qr(E[, free, drop = FALSE], LAPACK = TRUE), f)
      if (all(z[free] > 0)) break
      low <- free & z <= 0
      x <- x + min(x[low] / (x[low] - z[low])) * (z - x)
      free <- free & x > 1e-15
      x[!free] <- 0
    }
    x <- z
  }
  x
}

# Masses of the innermost intervals of (L, R] (equal: a point) by the constrained Newton method (Wang, Stat Comput
# 2007): each step is a least squares problem with coefficients >= 0, then a line search. survfit(type = 'interval2')
# gives the same estimate but stops three digits early.
turnbull <- function(L, R) {
  begin <- data.frame(value = L, rank = ifelse(L == R, 1, 3))
  end <- data.frame(value = R, rank = 2)
  ends <- rbind(cbind(begin, open = TRUE), cbind(end, open = FALSE))
  ends <- ends[order(ends$value, ends$rank), ]
  at <- which(ends$open[-nrow(ends)] & !ends$open[-1])
  lower <- ends$value[at]
  upper <- ends$value[at + 1]
  A <- 1 * outer(seq_along(L), seq_along(lower), function(i, j) {
    ifelse(L[i] == R[i], L[i] == lower[j] & upper[j] == lower[j],
      ifelse(lower[j] == upper[j], L[i] < lower[j] & lower[j] <= R[i], L[i] <= lower[j] & upper[j] <= R[i])
    )
  })
  p <- rep(1 / length(lower), length(lower))
  value <- function(p) sum(log(A %*% p))
  for (step in 1:500) {
    S <- A / drop(A %*% p)
    if (max(colSums(S)) - nrow(A) < 1e-12 * nrow(A)) break
    to <- nnls(rbind(S - 2, 1), c(rep(0, nrow(A)), 1))
    to <- to / sum(to)
    share <- 1
    while (value(p + share * (to - p)) < value(p) && share > 1e-12) share <- share / 2
    if (share <= 1e-12) break
    p <- p + share * (to - p)
  }
  gradient <- colMeans(A / drop(A %*% p))
  list(
    lower = lower, upper = upper, mass = p, gradient = gradient, loglik = value(p), A = A,
    certified = max(gradient) - 1 < 1e-9
  )
}

# A share as it is printed: one decimal, half away from zero, 0 and 100 without.
percent <- function(share) {
  tenths <- floor(round(1000 * share, 8) + 0.5)
  ifelse(tenths %in% c(0, 1000), sprintf("%.0f", tenths / 10), sprintf("%.1f", tenths / 10))
}

METHODS$npmle <- function(chosen, add) {
  o <- chosen$options
  bounds <- unlist(o$bounds %||% c("LBOUND", "RBOUND"))
  call <- "constrained Newton method, own program"
  each_cell(chosen, function(place, rows, people) {
    place$variable <- bounds[2]
    one_row_each(rows)
    known <- rows[!is.na(rows[[bounds[1]]]), ]
    L <- known[[bounds[1]]]
    R <- ifelse(is.na(known[[bounds[2]]]), Inf, known[[bounds[2]]])
    add(place, c(N = length(L), n_exact = sum(L == R), n_between = sum(L < R & R < Inf), n_never = sum(R == Inf)), "sum")
    left_out(add, place, people, list(
      `no record of this time` = !people$USUBJID %in% rows$USUBJID, `no bounds of the time` = !people$USUBJID %in% known$USUBJID
    ))
    if (!length(L)) {
      add(place, c(loglik = NA), call)
      return()
    }
    fit <- turnbull(L, R)
    add(place, c(loglik = fit$loglik), call, "iterative")
    add(place, c(certified = fit$certified), call)
    add(place, c(n_intervals = length(fit$mass), n_intervals_mass = sum(fit$mass > 1e-9)), "length")
    finite <- function(x) ifelse(is.finite(x), x, NA)
    total <- cumsum(fit$mass)
    name <- ifelse(fit$lower == fit$upper, sprintf("%g", fit$lower), ifelse(fit$upper == Inf,
      sprintf("after %g", fit$lower), sprintf("(%g, %g]", fit$lower, fit$upper)
    ))
    at <- c(place, list(g3 = rep("interval", length(name)), l3 = name))
    say <- function(stat, values, how = call, kind = "iterative") add(at, setNames(values, rep(stat, length(name))), how, kind)
    say("interval", seq_along(name), "order", "exact")
    say("lower", fit$lower, "order", "exact")
    say("upper", finite(fit$upper), "order", "exact")
    say("mass", fit$mass)
    say("cum", total)
    say("gradient", fit$gradient)
    say("possible", colSums(fit$A), "colSums", "exact")
    for (q in c("q1", "median", "q3")) {
      share <- c(q1 = 0.25, median = 0.5, q3 = 0.75)[[q]]
      first <- which(total >= share - 1e-8)[1]
      last <- if (abs(total[first] - share) > 1e-8) first else which(fit$mass > 1e-9 & seq_along(total) > first)[1]
      add(place, setNames(c(fit$lower[first], finite(fit$upper[last])), paste0(q, c("_after", "_by"))), call)
    }
    range_at <- function(fit, day) {
      begun <- ifelse(fit$lower == fit$upper, fit$lower <= day, fit$lower < day)
      c(least = 1 - sum(fit$mass[begun]), most = 1 - sum(fit$mass[fit$upper <= day]))
    }
    tell <- function(place, s, ...) {
      values <- c(surv_least = s[[1]], surv_most = s[[2]], cum_least = 1 - s[[2]], cum_most = 1 - s[[1]])
      add(place, values, call, "iterative", ...)
      printed <- unique(percent(values[c("cum_least", "cum_most")]))
      add(place, c(cum_range = paste(printed, collapse = " to ")), call, "iterative", ...)
    }
    closed <- turnbull(ifelse(L < R, L - 1e-9, L), R)
    for (label in names(o$landmarks)) {
      day <- o$landmarks[[label]]
      here <- c(place, level = label)
      tell(here, range_at(fit, day))
      inside <- which(fit$lower < day & day < fit$upper & fit$mass > 1e-9)
      add(here, if (length(inside)) c(within = inside[1]) else c(within = "determined"), "which")
      tell(here, range_at(closed, day), context = "lifelines default: bounds closed at the left")
      middle <- 1 - sum(fit$mass[(fit$lower + fit$upper) / 2 <= day])
      tell(here, c(middle, middle), context = "R survfit: mass at the middle of its interval")
    }
  })
}

# ---- competing events -----------------------------------------------------------------------------------------------

causes_known <- function(rows, o) {
  one_row_each(rows)
  rows$.time <- rows[[o$time %||% "CMPAVAL"]]
  rows$.status <- rows[[o$status %||% "CMPSTAT"]]
  rows[!is.na(rows$.time) & !is.na(rows$.status), ]
}

METHODS$cumulative_incidence <- function(chosen, add) {
  o <- chosen$options
  kind <- o$conf_type %||% "log-log"
  level <- o$level %||% 0.95
  causes <- unlist(o$causes)
  call <- sprintf("survfit(Surv(time, factor(status)), conf.type = '%s')", kind)
  each_cell(chosen, function(place, rows, people) {
    place$variable <- o$time %||% "CMPAVAL"
    known <- causes_known(rows, o)
    left_out(add, place, people, list(
      `no record of this time` = !people$USUBJID %in% rows$USUBJID, `no time` = !people$USUBJID %in% known$USUBJID
    ))
    time <- known$.time
    status <- known$.status
    add(place, c(N = length(time), censored = sum(status == 0)), "sum")
    for (label in names(o$grid)) {
      day <- o$grid[[label]]
      values <- c(grid = day, at_risk = sum(time >= day), censored_before = sum(time < day & status == 0))
      add(c(place, level = label), values, "sum")
    }
    state <- factor(status, 0:length(causes))
    curve <- function(type) survfit(Surv(time, state) ~ 1, conf.type = type, conf.int = level)
    ends <- function(p, lower, upper) {
      lower[p <= 0] <- 0
      upper[p <= 0] <- 0
      lower[p >= 1] <- NA
      upper[p >= 1] <- NA
      cbind(lower, upper)
    }
    if (!length(time)) stop("no times")
    fit <- curve(kind)
    free <- fit$pstate[, 1]
    day_of <- function(day) {
      if (day > max(fit$time) && free[length(free)] > 0) return(NA)
      findInterval(day, fit$time)
    }
    gray <- cmprsk::cuminc(time, status)
    alone <- function(number, day) curve_at(km(data.frame(AVAL = time, CNSR = 1 - (status == number)), list(level = level), kind), day)[1]
    for (label in names(causes)) {
      number <- causes[[label]]
      cause <- c(place, list(g2 = "cause", l2 = label))
      mine <- status == number
      add(cause, c(N = length(time), events = sum(mine), other_events = sum(status != 0 & !mine), censored = sum(status == 0)), "sum")
      for (name in names(o$grid)) add(c(cause, level = name), c(events_before = sum(mine & time < o$grid[[name]])), "sum")
      p <- fit$pstate[, number + 1]
      for (name in names(o$landmarks)) {
        here <- c(cause, level = name)
        day <- o$landmarks[[name]]
        k <- day_of(day)
        pick <- function(values, before = 0) if (is.na(k)) NA else c(before, values)[k + 1]
        add(here, c(cif = pick(p), cif_se = pick(fit$std.err[, number + 1])), call)
        for (type in unique(c(kind, "log", "log-log", "plain"))) {
          made <- curve(type)
          both <- ends(p, made$lower[, number + 1], made$upper[, number + 1])
          values <- c(cif_low = pick(both[, 1]), cif_high = pick(both[, 2]))
          add(here, values, sub(kind, type, call, fixed = TRUE), context = if (type == kind) "" else ELSEWHERE[[type]])
        }
        theirs <- "R cmprsk: variance of Aalen and Gray"
        found <- gray[[paste(1, number)]]
        se <- if (is.na(k)) NA else if (is.null(found)) 0 else sqrt(cmprsk::timepoints(list(found), day)$var[1])
        f <- pick(p)
        z <- qnorm(0.5 + level / 2)
        bounds <- switch(kind,
          `log-log` = f^exp(c(1, -1) * z * se / (f * -log(f))),
          log = f * exp(c(-1, 1) * z * se / f),
          plain = f + c(-1, 1) * z * se
        )
        bounds <- if (is.na(f) || f >= 1) c(NA, NA) else if (f <= 0) c(0, 0) else pmin(pmax(bounds, 0), 1)
        add(here, c(cif_se = se, cif_low = bounds[1], cif_high = bounds[2]), "cmprsk::cuminc", context = theirs)
        add(here, c(cif = 1 - alone(number, day)), "1 - survfit", context = "1 - Kaplan-Meier, competing events taken for censorings")
      }
      both <- ends(p, fit$lower[, number + 1], fit$upper[, number + 1])
      n <- length(fit$time)
      steps <- c(cause, list(g3 = rep("step", n), l3 = sprintf("%g", fit$time)))
      at <- factor(time, fit$time)
      columns <- list(
        time = fit$time, cif = p, cif_low = both[, 1], cif_high = both[, 2], at_risk = rev(cumsum(rev(table(at)))),
        events = table(at[mine]), censored = table(at[status == 0])
      )
      for (name in names(columns)) add(steps, setNames(as.numeric(columns[[name]]), rep(paste0("step_", name), n)), call)
    }
    for (name in names(o$landmarks)) {
      k <- day_of(o$landmarks[[name]])
      add(c(place, level = name), c(event_free = if (is.na(k)) NA else c(1, free)[k + 1]), call)
    }
  })
}

METHODS$gray <- function(chosen, add) {
  o <- chosen$options
  known <- causes_known(chosen$rows, o)
  arm <- chosen$people$.arm[match(known$USUBJID, chosen$people$USUBJID)]
  causes <- unlist(o$causes)
  for (label in names(causes)) {
    place <- list(g1 = chosen$variable, l1 = "All arms", g2 = "cause", l2 = label, variable = o$time %||% "CMPAVAL")
    events <- sum(known$.status == causes[[label]])
    add(place, c(N = nrow(known), events = events), "sum")
    found <- c(NA, NA, NA)
    if (events && length(unique(arm)) > 1) {
      tests <- cmprsk::cuminc(known$.time, known$.status, arm)$Tests
      found <- tests[as.character(causes[[label]]), c("stat", "df", "pv")]
    }
    add(place, setNames(found, c("chisq", "df", "p_value")), "cmprsk::cuminc")
  }
}

# ---- Cox regression -------------------------------------------------------------------------------------------------

METHODS$cox <- function(chosen, add) {
  o <- chosen$options
  if (any(vapply(o$covariates, function(one) identical(one$variable, chosen$variable), TRUE))) {
    cox_model(chosen, add, list(g1 = chosen$variable, l1 = "All arms"), chosen$rows, chosen$people)
  } else {
    each_cell(chosen, function(place, rows, people) cox_model(chosen, add, place, rows, people))
  }
}

cox_model <- function(chosen, add, place, rows, people) {
  o <- chosen$options
  ties <- o$ties %||% "efron"
  level <- o$level %||% 0.95
  place$variable <- "AVAL"
  known <- times_known(rows)
  reasons <- list(`no record of this time` = !people$USUBJID %in% rows$USUBJID, `no time` = !people$USUBJID %in% known$USUBJID)
  for (one in o$covariates) reasons[[paste(one$label %||% one$variable, "not known")]] <- is.na(people[[one$variable]])
  whole <- people[left_out(add, place, people, reasons), ]
  known <- known[known$USUBJID %in% whole$USUBJID, ]
  person <- match(known$USUBJID, whole$USUBJID)
  event <- known$CNSR == 0
  add(place, c(entered = nrow(known), events = sum(event)), "sum")
  X <- list()
  about <- list()
  none <- list()
  for (one in o$covariates) {
    values <- whole[[one$variable]][person]
    at <- c(place[names(place) != "variable"], variable = one$variable)
    if (is.null(one$reference)) {
      X <- c(X, list(values / (one$per %||% 1)))
      about <- c(about, list(at))
      if (length(unique(values)) < 2) none <- c(none, length(X))
      next
    }
    values <- as_level(values, chosen$study$types$adsl[[one$variable]])
    levels <- as.character(unlist(one$levels))
    if (!length(levels)) levels <- if (all(values %in% chosen$arms)) intersect(chosen$arms, values) else sort(unique(values))
    for (name in union(one$reference, levels)) {
      add(c(at, level = name), c(n = sum(values == name), events = sum(event & values == name)), "sum")
      if (name == one$reference) next
      X <- c(X, list(as.numeric(values == name)))
      about <- c(about, list(c(at, level = name)))
      if (!any(values == one$reference) || !any(values == name)) none <- c(none, length(X))
    }
  }
  stats <- c("coef", "se", "hr", "hr_low", "hr_high", "p_value")
  rest <- c("profile_low", "profile_high", "p_lr")
  for (k in unlist(none)) add(about[[k]], setNames(rep(NA, 9), c(stats, rest)), "no column")
  used <- setdiff(seq_along(X), unlist(none))
  if (!length(used) || !any(event)) stop("a Cox model without events or columns is not programmed in R")
  X <- do.call(cbind, X[used])
  about <- about[used]
  y <- Surv(known$AVAL, event)
  tight <- coxph.control(eps = 1e-14, toler.chol = 1e-16, iter.max = 100)
  cox <- function(X, ties, offset = NULL) {
    if (is.null(offset)) offset <- rep(0, nrow(known))
    if (!ncol(X)) return(coxph(y ~ offset(offset), ties = ties))
    withCallingHandlers(coxph(y ~ X + offset(offset), ties = ties, control = tight), warning = function(w) {
      if (grepl("infinite", conditionMessage(w))) stop("an infinite estimate is not programmed in R")
    })
  }
  fit <- cox(X, ties)
  z <- qnorm(0.5 + level / 2)
  wald <- function(fit, k) {
    b <- unname(coef(fit)[k])
    se <- sqrt(vcov(fit)[k, k])
    setNames(c(b, se, exp(b), exp(b - z * se), exp(b + z * se), 2 * pnorm(-abs(b / se))), stats)
  }
  call <- sprintf("coxph(ties = '%s')", ties)
  other <- if (ties == "efron") "breslow" else "efron"
  said <- if (ties == "efron") "SAS default: Breslow ties" else "R default: Efron ties"
  second <- cox(X, other)
  for (k in seq_along(about)) {
    add(about[[k]], wald(fit, k), call, "iterative")
    best <- fit$loglik[2]
    fall <- function(b) {
      near <- cox(X[, -k, drop = FALSE], ties, X[, k] * b)
      2 * (best - tail(near$loglik, 1))
    }
    b <- unname(coef(fit)[k])
    se <- sqrt(vcov(fit)[k, k])
    target <- qchisq(level, 1)
    end <- function(side) {
      far <- 1.5
      while (fall(b + side * far * z * se) < target) {
        far <- far * 1.5
        if (far > 1e3) return(NA)
      }
      exp(uniroot(function(x) fall(x) - target, sort(b + c(0, side * far * z * se)), tol = 1e-12)$root)
    }
    add(about[[k]], c(profile_low = end(-1), profile_high = end(1)), "uniroot on the profile of coxph", "iterative")
    add(about[[k]], c(p_lr = pchisq(max(0, fall(0)), 1, lower.tail = FALSE)), "coxph without the covariate", "iterative")
    add(about[[k]], wald(second, k), sprintf("coxph(ties = '%s')", other), "iterative", said)
  }
  add(place, c(loglik = fit$loglik[2], loglik_null = fit$loglik[1]), call, "iterative")
  test <- function(place, name, chisq, df, how, ...) {
    values <- c(chisq, df, pchisq(chisq, df, lower.tail = FALSE))
    add(place, setNames(values, paste0(name, c("_chisq", "_df", "_p"))), how, "iterative", ...)
  }
  df <- ncol(X)
  test(place, "lr", 2 * diff(fit$loglik), df, call)
  test(place, "score", fit$score, df, call)
  test(place, "wald", drop(coef(fit) %*% solve(vcov(fit), coef(fit))), df, call)
  variables <- vapply(about, `[[`, "", "variable")
  terms <- unique(variables)
  parts <- lapply(terms, function(name) X[, variables == name, drop = FALSE])
  names(parts) <- paste0("part", seq_along(parts))
  grouped <- coxph(reformulate(names(parts), "y"), data = c(list(y = y), parts), ties = ties, control = tight)
  declared <- o$ph_transform %||% "km"
  for (transform in unique(c(declared, "rank", "identity"))) {
    zph <- cox.zph(grouped, transform = transform, terms = TRUE)$table
    context <- if (transform == declared) "" else sprintf("g(t): %s of time", transform)
    for (k in seq_along(terms)) {
      at <- place
      at$variable <- terms[k]
      test(at, "zph", zph[k, "chisq"], zph[k, "df"], "cox.zph", context = context)
    }
    test(place, "zph", zph["GLOBAL", "chisq"], zph["GLOBAL", "df"], "cox.zph", context = context)
  }
}
