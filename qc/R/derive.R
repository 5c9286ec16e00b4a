# Responses derived once more from scores, dates and intercurrent events, and laid beside the response rows of ADaM.
#
# Of the scores only value and date are taken: study day, baseline, analysis window, the last day that counts, the
# criterion, the strategy for intercurrent events and the rule for missing values are worked out here, as the analysis
# plan (sections 2 to 4) and the declared estimands say.

derive <- function(study) {
  estimands <- study$declared$lists$estimands$estimands
  if (is.null(estimands) || is.null(study$data$adice) || is.null(study$page$windows)) return(NULL)
  found <- list()
  treated <- study$data$adsl[!is.na(study$data$adsl$TRTSDT), ]
  for (dataset in names(study$declared$parameters)) {
    parameters <- study$declared$parameters[[dataset]]
    names(parameters) <- vapply(parameters, `[[`, "", "code")
    data <- study$data[[dataset]]
    for (carried in carriers(estimands, dataset)) {
      events <- study$data$adice[study$data$adice$ICECD %in% carried$composite & !is.na(study$data$adice$ASTDT), ]
      treated$.struck <- tapply(events$ASTDT, factor(events$USUBJID, treated$USUBJID), min)
      grace <- if (carried$records == "ANL01FL") study$page$after_treatment_days else Inf
      said <- data[data[[carried$flag]] %in% "Y", ]
      for (parameter in parameters) {
        if (is.null(parameter$criterion)) next
        windows <- study$page$windows[[parameters[[parameter$criterion$of]]$windows]]
        scores <- data[data$PARAMCD == parameter$criterion$of & !is.na(data$AVAL) & is.na(data$DTYPE), ]
        own <- responses(scores, treated, windows, parameter$criterion, grace, carried$missing == "last observation")
        theirs <- said[said$PARAMCD == parameter$code, c("USUBJID", "AVISIT", "AVAL", "RSPELFL")]
        both <- merge(own, theirs, by = c("USUBJID", "AVISIT"), all = TRUE)
        same <- (both$response == both$AVAL & both$eligible == (both$RSPELFL == "Y")) %in% TRUE
        for (visit in unique(own$AVISIT)) {
          at <- both$AVISIT == visit
          found[[length(found) + 1]] <- data.frame(
            dataset = dataset, flag = carried$flag, parameter = parameter$code, visit = visit, rows = sum(at),
            agree = sum(same & at), differ = paste(both$USUBJID[at & !same], collapse = " ")
          )
        }
      }
    }
  }
  do.call(rbind, found)
}

# Which flags of this data set carry responses, by which records, rule for missing values and composite events. Of the
# strategies those are programmed here that the plan has for responses: composite, and treatment policy.
carriers <- function(estimands, dataset) {
  found <- list()
  for (estimand in estimands) for (data in estimand$data) {
    strategies <- unlist(unclass(estimand$events))
    fits <- data$rows == "responses" && dataset %in% unlist(data$datasets) && all(strategies %in% c("composite", "treatment policy"))
    if (!fits || !is.null(found[[data$flag]])) next
    found[[data$flag]] <- list(
      flag = data$flag, records = data$records, missing = data$missing, composite = names(strategies)[strategies == "composite"]
    )
  }
  found
}

last_of_each <- function(rows) rows[!duplicated(rows$USUBJID, fromLast = TRUE), ]

responses <- function(scores, people, windows, criterion, grace, carry) {
  scores <- merge(scores[c("USUBJID", "ADT", "ASEQ", "AVAL")], people[c("USUBJID", "TRTSDT", "TRTEDT")], by = "USUBJID")
  scores <- scores[order(scores$USUBJID, scores$ADT, scores$ASEQ), ]
  before <- last_of_each(scores[scores$ADT <= scores$TRTSDT, ])
  scores$day <- scores$ADT - scores$TRTSDT + 1
  scores <- scores[scores$day > 1 & (is.na(scores$TRTEDT) | scores$ADT <= scores$TRTEDT + grace), ]
  # Whole tenths, so that a threshold is met or not met exactly.
  tenths <- function(rows) round(10 * rows$AVAL[match(people$USUBJID, rows$USUBJID)])
  base <- tenths(before)
  eligible <- !is.na(base)
  if (!is.null(criterion$fall)) eligible <- eligible & base > 0
  if (!is.null(criterion$base_at_least)) eligible <- eligible & base >= 10 * criterion$base_at_least
  if (!is.null(criterion$base_above)) eligible <- eligible & base > 10 * criterion$base_above
  eligible <- eligible %in% TRUE
  carried <- rep(0, nrow(people))
  do.call(rbind, lapply(windows, function(window) {
    near <- scores[scores$day >= window$from & scores$day <= window$to, ]
    near <- last_of_each(near[order(near$USUBJID, -abs(near$day - window$target), near$ADT, near$ASEQ), ])
    post <- tenths(near)
    date <- near$ADT[match(people$USUBJID, near$USUBJID)]
    limit <- ifelse(is.na(date), people$TRTSDT + window$target - 1, date)
    met <- eligible
    if (!is.null(criterion$fall)) met <- met & 100 * post <= (100 - criterion$fall) * base
    if (!is.null(criterion$at_most)) met <- met & post <= 10 * criterion$at_most
    if (!is.null(criterion$better_by)) met <- met & base - post >= 10 * criterion$better_by
    met <- ifelse(is.na(post), if (carry) carried else 0, as.numeric(met %in% TRUE))
    carried <<- ifelse(is.na(post), carried, met)
    met[(people$.struck <= limit) %in% TRUE] <- 0
    data.frame(USUBJID = people$USUBJID, AVISIT = window$visit, response = met, eligible = eligible)
  }))
}
