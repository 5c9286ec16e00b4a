# Estimands and the events that touch them; the reasons and the time axis of narratives.

METHODS$estimand <- function(chosen, add) {
  o <- chosen$options
  declared <- chosen$study$declared$lists$estimands$estimands
  events <- chosen$study$page$intercurrent_events
  if (identical(o$about, "estimands")) {
    for (estimand in declared) {
      place <- list(g1 = chosen$variable, variable = "estimand", level = estimand$id)
      for (name in c("label", "role", "sap", "treatment", "variable", "summary", "missing")) {
        if (!is.null(estimand[[name]])) add(place, setNames(as.character(estimand[[name]]), name), "as declared")
      }
      add(place, c(population = estimand$population$words), "as declared")
      add(place, c(N = sum(chosen$people[[estimand$population$flag]] %in% "Y")), "sum")
      for (event in events) {
        add(c(place, list(g2 = "event", l2 = event$label)), c(strategy = estimand$events[[event$id]]), "as declared")
      }
    }
    return(invisible())
  }
  strategies <- Filter(function(e) e$id == o$strategies_of, declared)[[1]]$events
  rank <- c("composite", "hypothetical", "while on treatment", "treatment policy")
  seen <- chosen$beside$visit
  seen <- seen[!duplicated(seen$USUBJID), ]
  each_cell(chosen, function(place, rows, people) {
    day <- seen$ADT[match(people$USUBJID, seen$USUBJID)]
    day <- ifelse(is.na(day), people$TRTSDT + o$day - 1, day)
    rows$.strategy <- unlist(unclass(strategies))[rows$ICECD]
    rows$.by <- (rows$ASTDT <= day[match(rows$USUBJID, people$USUBJID)]) %in% TRUE
    rows <- rows[order(rows$ASTDT, match(rows$.strategy, rank), rows$ASEQ), ]
    rows$.first <- !duplicated(rows$USUBJID)
    n <- nrow(people)
    count <- function(at, some) {
      once <- some[!duplicated(some$USUBJID), ]
      found <- c(n = nrow(once), n_first = sum(some$.first), n_by = sum(once$.by), n_after = sum(!once$.by))
      add(at, c(found, events = nrow(some)), "length(unique(USUBJID))")
      shares <- if (n) found / n else found * NA
      add(at, setNames(shares, sub("^n", "p", names(found))), "n / N")
    }
    add(c(place, variable = "event"), c(N = n), "nrow")
    for (strategy in intersect(rank, unlist(unclass(strategies)))) {
      at <- c(place, list(g2 = "strategy", l2 = strategy))
      count(c(at, list(variable = "strategy", level = strategy)), rows[rows$.strategy %in% strategy, ])
      for (event in events) {
        if (strategies[[event$id]] != strategy) next
        count(c(at, list(g3 = "event", l3 = event$label, variable = "event", level = event$id)), rows[rows$ICECD %in% event$id, ])
      }
    }
    every <- c(place, list(variable = "strategy", level = "any"))
    count(every, rows)
    free <- n - people_with(rows)
    add(every, c(n_none = free, p_none = share(free, n)), "n / N")
  })
}

# Who has a narrative, why, and on which days things lie on its axis. The sentences are words and are not made again.
METHODS$narrative <- function(chosen, add) {
  o <- chosen$options
  people <- chosen$people
  rows_of <- function(name) {
    if (name == "adsl") people else if (name == chosen$spec$dataset) chosen$rows else chosen$beside[[name]]
  }
  place <- list(g1 = chosen$variable, l1 = chosen$spec$pooled %||% "All subjects")
  reasons <- do.call(rbind, lapply(o$reasons, function(reason) {
    rows <- rows_of(reason$of)
    who <- unique(rows$USUBJID[meets(rows, reason$where)])
    data.frame(USUBJID = who, label = rep(reason$label, length(who)))
  }))
  who <- unique(reasons$USUBJID)
  if (!is.null(o$at_most)) {
    # The rows of `reasons` stand in the order of the declaration; within a reason that of ADSL decides.
    labels <- vapply(o$reasons, `[[`, "", "label")
    gravest <- tapply(match(reasons$label, labels), factor(reasons$USUBJID, who), min)[who]
    who <- head(who[order(gravest, match(who, people$USUBJID))], o$at_most)
    add(place, c(left_out = length(unique(reasons$USUBJID)) - length(who)), "order(first reason)")
    reasons <- reasons[reasons$USUBJID %in% who, ]
  }
  add(place, c(N = nrow(people), n = length(who)), "length(unique(USUBJID))")
  place$g3 <- "USUBJID"
  for (k in seq_len(nrow(reasons))) {
    add(c(place, list(l3 = reasons$USUBJID[k], variable = reasons$label[k])), c(reason = reasons$label[k]), "meets the condition")
  }
  if (is.null(o$axis)) return(invisible())
  day <- rep(NA_real_, nrow(people))
  said <- rep(o$absent %||% "not known", nrow(people))
  for (name in names(o$axis$start)) {
    new <- is.na(day) & !is.na(people[[name]])
    said[new] <- o$axis$start[[name]]
    day[new] <- people[[name]][new]
  }
  for (one in who) add(c(place, list(l3 = one)), c(reference = said[match(one, people$USUBJID)]), "first date that is known")
  for (lane in o$axis$lanes) {
    rows <- rows_of(lane$of)
    rows <- rows[meets(rows, lane$where) & rows$USUBJID %in% who, ]
    if (!nrow(rows)) next
    zero <- day[match(rows$USUBJID, people$USUBJID)]
    at <- c(place, list(l3 = rows$USUBJID, g2 = "lane", l2 = lane$id, variable = lane$from, level = as.character(rows$.row)))
    for (end in intersect(c("from", "to"), names(lane))) {
      apart <- rows[[lane[[end]]]] - zero
      add(at, setNames(apart + (apart >= 0), rep(end, nrow(rows))), "date - reference, no day 0")
    }
  }
}
