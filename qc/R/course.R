# Milestones of the course of a case derived once more: from the value and the date of each score and the first and last
# day of each line of treatment. Baseline of the line, criterion, day on which it was first seen and days in response are
# worked out here, as config/README.md says; a line of the result counts one milestone over all lines of treatment.

derive_course <- function(study) {
  if (is.null(study$data$admil) || is.null(study$data$adcc)) return(NULL)
  lines <- study$data$adph[!is.na(study$data$adph$APERIOD), ]
  oldest <- study$page$phases$baseline_days %||% Inf
  found <- list()
  for (parameter in study$declared$parameters$admil) {
    criterion <- parameter$criterion
    if (is.null(criterion)) next
    data <- study$data$adcc
    data <- data[data$PARAMCD == criterion$of & data$ANL01FL %in% "Y" & !is.na(data$AVAL), ]
    own <- t(vapply(seq_len(nrow(lines)), function(i) milestone(data, lines[i, ], criterion, oldest), numeric(3)))
    theirs <- study$data$admil[study$data$admil$PARAMCD == parameter$code, ]
    theirs <- theirs[match(paste(lines$USUBJID, lines$APHASEN), paste(theirs$USUBJID, theirs$APHASEN)), ]
    theirs <- cbind(theirs$CNSR, theirs$AVAL, theirs$RESPDUR)
    equal <- own == theirs | (is.na(own) & is.na(theirs))
    same <- rowSums(!is.na(equal) & equal) == 3
    found[[length(found) + 1]] <- data.frame(
      dataset = "admil", flag = "", parameter = parameter$code, visit = "every line of treatment", rows = nrow(lines),
      agree = sum(same), differ = paste(unique(lines$USUBJID[!same]), collapse = " ")
    )
  }
  do.call(rbind, found)
}

# 0 or 1 (censored), the day of the line, days in response; all missing where nothing can be judged.
milestone <- function(data, line, criterion, oldest) {
  mine <- data[data$USUBJID == line$USUBJID, ]
  mine <- mine[order(mine$ADT, mine$SRCSEQ), ]
  before <- mine[mine$ADT <= line$PHSDT & line$PHSDT - mine$ADT <= oldest, ]
  after <- mine[mine$ADT >= line$PHSDT & mine$ADT <= line$PHEDT, ]
  if (nrow(before)) after <- after[after$ADT > max(before$ADT), ] else return(c(NA, NA, NA))
  base <- round(10 * before$AVAL[nrow(before)])
  now <- round(10 * after$AVAL)
  if (!nrow(after) || (!is.null(criterion$fall) && base <= 0)) return(c(NA, NA, NA))
  met <- rep(TRUE, length(now))
  if (!is.null(criterion$fall)) met <- met & 100 * (base - now) >= criterion$fall * base
  if (!is.null(criterion$at_most)) met <- met & now <= 10 * criterion$at_most
  if (!is.null(criterion$better_by)) met <- met & base - now >= 10 * criterion$better_by
  at <- if (any(met)) after$ADT[met][1] else after$ADT[nrow(after)]
  lasts <- c(diff(after$ADT), 1)
  c(if (any(met)) 0 else 1, at - line$PHSDT + 1, sum(lasts[met]))
}
