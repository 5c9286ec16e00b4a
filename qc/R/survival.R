# Time to event.

times_known <- function(rows) {
  one_row_each(rows)
  rows[!is.na(rows$AVAL) & !is.na(rows$CNSR), ]
}

# Nobody has had the event while the curve stands at 1: the interval is the point 1, for every type (R leaves it open
# for log-log).
km <- function(known, o, kind = o$conf_type %||% "log-log") {
  if (nrow(known) == 0) return(list(time = numeric(), surv = numeric(), lower = numeric(), upper = numeric()))
  fit <- survfit(Surv(AVAL, CNSR == 0) ~ 1, data = known, conf.type = kind, conf.int = o$level %||% 0.95)
  fit$lower[fit$surv == 1] <- 1
  fit$upper[fit$surv == 1] <- 1
  fit
}

# Limits may rise again when few are left (log, plain); a quantile's end is where they first pass, so they are held down.
falling <- function(x) ifelse(is.na(x), NA, cummin(ifelse(is.na(x), Inf, x)))

# A quantile is the middle of a flat piece. One that lies on a flat piece without an end is not defined (as in SAS);
# R would take the middle up to the last follow-up.
quartiles <- function(fit) {
  shares <- c(q1 = 0.25, median = 0.5, q3 = 0.75)
  fit$lower <- falling(fit$lower)
  fit$upper <- falling(fit$upper)
  found <- if (length(fit$time)) quantile(fit, shares) else list(quantile = rep(NA, 3), lower = rep(NA, 3), upper = rep(NA, 3))
  limits <- list(quantile = fit$surv, lower = fit$lower, upper = fit$upper)
  ends <- c(quantile = "", lower = "_low", upper = "_high")
  unlist(unname(lapply(names(limits), function(part) {
    floor <- suppressWarnings(min(limits[[part]], na.rm = TRUE))
    open <- abs(floor - (1 - shares)) < 1e-9 & !(part != "quantile" & any(fit$surv == 0))
    setNames(ifelse(open, NA, found[[part]]), paste0(names(shares), ends[[part]]))
  })))
}

curve_at <- function(fit, day) {
  if (length(fit$time) == 0 || (day > max(fit$time) && min(fit$surv) > 0)) return(rep(NA_real_, 4))
  at <- summary(fit, times = day, extend = TRUE)
  if (!any(fit$time <= day)) return(c(1, 0, 1, 1))
  c(at$surv, at$std.err, at$lower, at$upper)
}

# Types of interval that are the default of some software, as the cards call them.
ELSEWHERE <- c(log = "R default: log interval", `log-log` = "SAS default: log-log interval", plain = "plain interval")

METHODS$survival <- function(chosen, add) {
  o <- chosen$options
  others <- ELSEWHERE[names(ELSEWHERE) != (o$conf_type %||% "log-log")]
  call <- sprintf("survfit(conf.type = '%s')", o$conf_type %||% "log-log")
  each_cell(chosen, function(place, rows, people) {
    place$variable <- "AVAL"
    known <- times_known(rows)
    event <- known$CNSR == 0
    add(place, c(N = nrow(known), n_missing = nrow(people) - nrow(known), events = sum(event), censored = sum(!event)), "sum")
    if ("EVNTDESC" %in% names(known)) {
      counted <- table(known$EVNTDESC)
      for (text in names(counted)) add(c(place, level = text), c(ended = counted[[text]]), "table")
    }
    fit <- km(known, o)
    add(place, quartiles(fit), "quantile(survfit)")
    fits <- lapply(setNames(names(others), others), function(kind) km(known, o, kind))
    for (context in names(fits)) {
      ends <- quartiles(fits[[context]])
      add(place, ends[grepl("_", names(ends))], "quantile(survfit)", context = context)
    }
    shares <- c(q1 = 0.25, median = 0.5, q3 = 0.75)
    first <- vapply(shares, function(share) c(fit$time[fit$surv <= 1 - share + 1e-9], NA)[1], 0)
    add(place, first, "min(time[surv <= 1 - p])", context = "lifelines default: first time at or below, no middle of a flat piece")
    plain <- if (length(fit$time)) quantile(fit, shares, conf.int = FALSE) else rep(NA, 3)
    add(place, setNames(plain, names(shares)), "quantile(survfit)", context = "R default: a flat piece without end ends at the last follow-up")
    for (label in names(o$landmarks)) {
      s <- curve_at(fit, o$landmarks[[label]])
      add(
        c(place, level = label),
        c(surv = s[1], surv_se = s[2], surv_low = s[3], surv_high = s[4], cum = 1 - s[1], cum_low = 1 - s[4], cum_high = 1 - s[3]),
        paste("summary of", call)
      )
      for (context in names(fits)) {
        s <- curve_at(fits[[context]], o$landmarks[[label]])
        ends <- c(surv_low = s[3], surv_high = s[4], cum_low = 1 - s[4], cum_high = 1 - s[3])
        add(c(place, level = label), ends, "summary of survfit", context = context)
      }
    }
    for (label in names(o$grid)) {
      day <- o$grid[[label]]
      before <- known$AVAL < day
      add(
        c(place, level = label),
        c(grid = day, at_risk = sum(!before), events_before = sum(before & event), censored_before = sum(before & !event)), "sum"
      )
    }
    n <- length(fit$time)
    steps <- c(place, list(g3 = rep("step", n), l3 = sprintf("%g", fit$time)))
    say <- function(name, values) if (n) add(steps, setNames(values, rep(paste0("step_", name), n)), call)
    say("time", fit$time)
    say("at_risk", fit$n.risk)
    say("events", fit$n.event)
    say("censored", fit$n.censor)
    ends <- list(fit$surv, fit$lower, fit$upper)
    for (k in 1:3) {
      say(c("surv", "surv_low", "surv_high")[k], ends[[k]])
      say(c("cum", "cum_high", "cum_low")[k], 1 - ends[[k]])
    }
  })
}

METHODS$logrank <- function(chosen, add) {
  place <- list(g1 = chosen$variable, l1 = "All arms", variable = "AVAL")
  known <- times_known(chosen$rows)
  person <- match(known$USUBJID, chosen$people$USUBJID)
  known$.arm <- chosen$people$.arm[person]
  strata <- unlist(chosen$options$strata)
  known$.stratum <- rep(1, nrow(known))
  if (!is.null(strata)) {
    columns <- chosen$people[person, strata, drop = FALSE]
    whole <- complete.cases(columns)
    add(c(place, level = "stratum not known"), c(left_out = sum(!whole)), "complete.cases")
    known$.stratum <- as.integer(interaction(columns, drop = TRUE))
    known <- known[whole, ]
  }
  add(place, c(N = nrow(known)), "nrow")
  found <- c(chisq = NA, df = NA, p_value = NA)
  if (length(unique(known$.arm)) > 1 && any(known$CNSR == 0)) {
    test <- survdiff(Surv(AVAL, CNSR == 0) ~ .arm + strata(.stratum), data = known)
    expected <- rowSums(as.matrix(test$exp))
    df <- sum(expected > 0) - 1
    found[] <- c(test$chisq, df, pchisq(test$chisq, df, lower.tail = FALSE))
    observed <- rowSums(as.matrix(test$obs))
    arms <- levels(factor(known$.arm)) # the order of survdiff
    for (k in seq_along(arms)) {
      add(c(place, level = arms[k]), c(observed = observed[[k]], expected = expected[[k]]), "survdiff")
    }
  }
  add(place, found, "survdiff")
}

# Events that recur: the mean number per subject by a day. Each subject's days are cut at its events; several of one day
# are laid a hair apart, which leaves the risk sets, and so the estimate and its variance, as they are.
METHODS$mean_cumulative <- function(chosen, add) {
  o <- chosen$options
  z <- qnorm(1 - (1 - (o$level %||% 0.95)) / 2)
  date <- o$date %||% "ASTDT"
  each_cell(chosen, function(place, rows, people) {
    place$variable <- date
    people$.last <- people[[o$end]] - people[[o$start %||% "TRTSDT"]] + 1
    timed <- people[(people$.last >= 1) %in% TRUE, ]
    add(place, c(events_no_time = sum(!rows$USUBJID %in% timed$USUBJID)), "sum")
    rows <- rows[rows$USUBJID %in% timed$USUBJID, ]
    own <- match(rows$USUBJID, timed$USUBJID)
    rows$.day <- rows[[date]] - timed[[o$start %||% "TRTSDT"]][own] + 1
    inside <- (rows$.day >= 1 & rows$.day <= timed$.last[own]) %in% TRUE
    add(place, c(
      N = nrow(timed), n_no_time = nrow(people) - nrow(timed), events = sum(inside),
      n_undated = sum(is.na(rows$.day)), n_outside = sum(!inside & !is.na(rows$.day))
    ), "sum")
    seen <- rows[inside, ]
    seen <- seen[order(seen$USUBJID, seen$.day), ]
    hair <- ave(seen$.day, seen$USUBJID, seen$.day, FUN = function(d) rev(seq_along(d)) - 1) / 1000
    cuts <- rbind(
      data.frame(id = seen$USUBJID, stop = seen$.day - hair, event = rep(1, nrow(seen))),
      data.frame(id = timed$USUBJID, stop = timed$.last + 0.5, event = 0)
    )
    cuts <- cuts[order(cuts$id, cuts$stop), ]
    cuts$start <- ave(cuts$stop, cuts$id, FUN = function(t) c(0, t[-length(t)]))
    fit <- survfit(Surv(start, stop, event) ~ 1, data = cuts, id = id, cluster = id)
    curve <- function(days) {
      k <- findInterval(days, fit$time)
      mcf <- c(0, fit$cumhaz)[k + 1]
      se <- c(0, fit$std.chaz)[k + 1]
      ends <- exp(outer(z * se / mcf, c(-1, 1)))
      cbind(mcf = mcf, mcf_se = se, mcf_low = mcf * ends[, 1], mcf_high = mcf * ends[, 2])
    }
    call <- "survfit(Surv(start, stop, event), id, cluster)"
    for (label in names(o$grid)) {
      day <- o$grid[[label]]
      at <- c(place, level = label)
      followed <- sum(timed$.last >= day)
      add(at, c(grid = day, at_risk = followed), "sum")
      found <- curve(day)[1, ]
      add(at, if (followed) found else found * NA, call)
    }
    days <- sort(unique(seen$.day))
    steps <- c(place, list(g3 = rep("step", length(days)), l3 = sprintf("%g", days)))
    found <- curve(days)
    if (!length(days)) return()
    add(steps, setNames(days, rep("step_time", length(days))), call)
    for (name in c("mcf", "mcf_low", "mcf_high")) {
      add(steps, setNames(found[, name], rep(paste0("step_", name), length(days))), call)
    }
  })
}
