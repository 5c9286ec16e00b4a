# Responses derived once more from scores, dates and intercurrent events, and laid beside the response rows of ADaM.
#
# Of the scores only value and date are taken: study day, baseline, analysis window, the last day that counts, the
# criterion and the composite strategy are worked out here, as the analysis plan says (sections 2 to 4).

derive <- function(study) {
  found <- list()
  if (is.null(study$data$adice) || is.null(study$page$windows)) return(NULL)
  composite <- study$data$adice[study$data$adice$ICESTRAT == "composite" & !is.na(study$data$adice$ASTDT), ]
  treated <- study$data$adsl[!is.na(study$data$adsl$TRTSDT), ]
  treated$.struck <- tapply(composite$ASTDT, factor(composite$USUBJID, treated$USUBJID), min)
  for (dataset in names(study$declared$parameters)) {
    parameters <- study$declared$parameters[[dataset]]
    names(parameters) <- vapply(parameters, `[[`, "", "code")
    data <- study$data[[dataset]]
    for (parameter in parameters) {
      if (is.null(parameter$criterion)) next
      windows <- study$page$windows[[parameters[[parameter$criterion$of]]$windows]]
      scores <- data[data$PARAMCD == parameter$criterion$of & !is.na(data$AVAL) & is.na(data$DTYPE), ]
      said <- data[data$PARAMCD == parameter$code & data$ANL03FL %in% "Y", ]
      for (window in windows) {
        own <- responses(scores, treated, window, parameter$criterion, study$page$after_treatment_days)
        theirs <- said[said$AVISIT == window$visit, ]
        both <- merge(own, theirs[c("USUBJID", "AVAL", "RSPELFL")], by = "USUBJID", all = TRUE)
        same <- (both$response == both$AVAL & both$eligible == (both$RSPELFL == "Y")) %in% TRUE
        found[[length(found) + 1]] <- data.frame(
          dataset = dataset, parameter = parameter$code, visit = window$visit, rows = nrow(both), agree = sum(same),
          differ = paste(both$USUBJID[!same], collapse = " ")
        )
      }
    }
  }
  do.call(rbind, found)
}

last_of_each <- function(rows) rows[!duplicated(rows$USUBJID, fromLast = TRUE), ]

responses <- function(scores, people, window, criterion, grace) {
  scores <- merge(scores[c("USUBJID", "ADT", "ASEQ", "AVAL")], people[c("USUBJID", "TRTSDT", "TRTEDT")], by = "USUBJID")
  scores <- scores[order(scores$USUBJID, scores$ADT, scores$ASEQ), ]
  before <- last_of_each(scores[scores$ADT <= scores$TRTSDT, ])
  scores$day <- scores$ADT - scores$TRTSDT + 1
  after <- scores[scores$day > 1 & scores$day >= window$from & scores$day <= window$to, ]
  after <- after[is.na(after$TRTEDT) | after$ADT <= after$TRTEDT + grace, ]
  after <- last_of_each(after[order(after$USUBJID, -abs(after$day - window$target), after$ADT, after$ASEQ), ])
  # Whole tenths, so that a threshold is met or not met exactly.
  tenths <- function(rows) round(10 * rows$AVAL[match(people$USUBJID, rows$USUBJID)])
  base <- tenths(before)
  post <- tenths(after)
  date <- after$ADT[match(people$USUBJID, after$USUBJID)]
  limit <- ifelse(is.na(date), people$TRTSDT + window$target - 1, date)
  met <- rep(TRUE, nrow(people))
  eligible <- !is.na(base)
  if (!is.null(criterion$fall)) {
    met <- met & 100 * post <= (100 - criterion$fall) * base
    eligible <- eligible & base > 0
  }
  if (!is.null(criterion$at_most)) met <- met & post <= 10 * criterion$at_most
  if (!is.null(criterion$better_by)) met <- met & base - post >= 10 * criterion$better_by
  if (!is.null(criterion$base_at_least)) eligible <- eligible & base >= 10 * criterion$base_at_least
  if (!is.null(criterion$base_above)) eligible <- eligible & base > 10 * criterion$base_above
  eligible <- eligible %in% TRUE
  struck <- (people$.struck <= limit) %in% TRUE
  data.frame(USUBJID = people$USUBJID, response = as.numeric((met & eligible & !struck) %in% TRUE), eligible = eligible)
}
