# Linear models: the mixed model for repeated measures by REML, and the analysis of covariance.

# ---- who enters, and the design -----------------------------------------------------------------------------------------

# Calls `each(place, arms)` once per level of `by`: arms is a list (one per column) of place, rows and people.
each_model <- function(chosen, each) {
  cells <- list()
  each_cell(chosen, function(place, rows, people) {
    level <- paste(unlist(place[setdiff(names(place), c("g1", "l1"))]), collapse = "\r")
    cells[[paste0("x", level)]][[place$l1]] <<- list(place = place, rows = rows, people = people)
  })
  for (arms in cells) each(arms)
}

# Rows with value and covariates, and per arm who entered and who did not by reason.
enter_model <- function(arms, response, baseline, covariates, without_value) {
  all <- c(baseline, covariates)
  frames <- list()
  said <- list()
  for (arm in names(arms)) {
    rows <- arms[[arm]]$rows
    people <- arms[[arm]]$people
    for (name in setdiff(all, names(rows))) rows[[name]] <- people[[name]][match(rows$USUBJID, people$USUBJID)]
    rows$.y <- rows[[response]]
    rows$.arm <- rep(arm, nrow(rows))
    holders <- function(names) unique(rows$USUBJID[complete.cases(rows[names])])
    counted <- c()
    waiting <- people$USUBJID
    if (!is.null(baseline)) {
      out <- waiting[waiting %in% rows$USUBJID & !waiting %in% holders(baseline)]
      counted["no baseline value"] <- length(out)
      waiting <- setdiff(waiting, out)
    }
    needed <- c(baseline, ".y")
    for (name in c("", covariates)) {
      if (nzchar(name)) needed <- c(needed, name)
      reason <- if (nzchar(name)) paste("no value of", name) else without_value
      out <- setdiff(waiting, holders(needed))
      counted[reason] <- length(out)
      waiting <- setdiff(waiting, out)
    }
    said[[arm]] <- list(N = nrow(people), left_out = counted)
    frames[[arm]] <- rows[complete.cases(rows[c(all, ".y")]), ]
    said[[arm]]$entered <- length(unique(frames[[arm]]$USUBJID))
  }
  list(frame = do.call(rbind, unname(frames)), said = said)
}

account <- function(add, place, said) {
  add(place, c(N = said$N, entered = said$entered), "length(unique(USUBJID))")
  for (reason in names(said$left_out)) {
    add(c(place, level = reason), c(left_out = said$left_out[[reason]]), "setdiff(people, with value)")
  }
}

# One column per arm and visit, then the covariates: a number centred at its mean over subjects, words against the first.
lay_out <- function(frame, arms, visits, baseline, covariates, by_visit, at) {
  X <- NULL
  column <- function(name, values) X <<- cbind(X, matrix(as.numeric(values), dimnames = list(NULL, name)))
  visit <- frame$.visit
  cells <- list()
  for (arm in arms) {
    for (v in visits) {
      inside <- frame$.arm == arm & visit == v
      if (any(inside)) {
        column(paste(c(arm, v[nzchar(v)]), collapse = ", "), inside)
        cells[[paste(arm, v, sep = "\r")]] <- ncol(X)
      }
    }
  }
  slopes <- list()
  weights <- list()
  centres <- c()
  terms <- list()
  once <- !duplicated(frame$USUBJID)
  for (name in c(baseline, covariates)) {
    x <- frame[[name]]
    first <- ncol(X) + 1
    if (is.numeric(x)) {
      centres[name] <- at[[name]] %||% mean(x[once])
      for (v in if (name %in% by_visit) visits else "") {
        inside <- !nzchar(v) | visit == v
        if (!any(inside)) next
        column(paste(c(name, v[nzchar(v)]), collapse = ", "), (x - centres[name]) * inside)
        slopes[[length(slopes) + 1]] <- list(column = ncol(X), name = name, visit = v)
      }
    } else {
      words <- sort(unique(x), method = "radix")
      for (word in words[-1]) {
        column(paste(name, word), x == word)
        weights[[length(weights) + 1]] <- list(column = ncol(X), weight = 1 / length(words))
      }
    }
    if (ncol(X) >= first) terms[[name]] <- first:ncol(X)
  }
  mean_of <- function(arm, v, shift = NULL) {
    l <- numeric(ncol(X))
    l[cells[[paste(arm, v, sep = "\r")]]] <- 1
    for (w in weights) l[w$column] <- w$weight
    for (s in slopes) if (!is.null(shift) && s$visit %in% c("", v)) l[s$column] <- shift[[s$name]]
    l
  }
  live <- function(arm, v = "") !is.null(cells[[paste(arm, v, sep = "\r")]])
  list(X = X, cells = unlist(cells), terms = terms, centres = centres, mean_of = mean_of, live = live)
}

# Estimate, error, df, interval and test under the names of the results.
judged <- function(names, value, se, df, level) {
  reach <- qt(1 - (1 - level) / 2, df) * se
  t <- value / se
  setNames(c(value, se, df, value - reach, value + reach, t, 2 * pt(-abs(t), df)), names)
}
MEAN <- c("lsmean", "se", "df", "lsmean_low", "lsmean_high", "t", "p_value")
DIFF <- paste0("diff", c("", "_se", "_df", "_low", "_high", "_t", "_p"))
ESTIMATE <- paste0("estimate", c("", "_se", "_df", "_low", "_high", "_t", "_p"))

# ---- REML with an unstructured matrix ---------------------------------------------------------------------------------

# Minimises -2 log REML over the elements of V, from the matrix that nlme::gls found, by Newton steps with exact
# derivatives: gls stops where six digits are not yet certain, and has neither the Hessian nor degrees of freedom.
reml <- function(y, X, visit, subject, visits) {
  k <- length(visits)
  p <- ncol(X)
  pairs <- which(lower.tri(diag(k), diag = TRUE), arr.ind = TRUE)
  G <- lapply(seq_len(nrow(pairs)), function(j) {
    g <- matrix(0, k, k)
    g[pairs[j, 1], pairs[j, 2]] <- g[pairs[j, 2], pairs[j, 1]] <- 1
    g
  })
  m <- length(G)
  rows <- split(seq_along(y), subject)
  blocks <- lapply(rows, function(r) {
    r <- r[order(visit[r])]
    list(o = visit[r], X = X[r, , drop = FALSE], y = y[r])
  })
  at <- function(theta, derivatives = TRUE) {
    V <- Reduce(`+`, Map(`*`, theta, G))
    if (min(eigen(V, TRUE, TRUE)$values) <= 0) return(list(value = Inf))
    inverse <- list()
    A <- matrix(0, p, p)
    b <- numeric(p)
    logdet <- 0
    for (block in blocks) {
      key <- paste(block$o, collapse = " ")
      if (is.null(inverse[[key]])) {
        S <- chol2inv(chol(V[block$o, block$o, drop = FALSE]))
        inverse[[key]] <- list(S = S, logdet = -determinant(S)$modulus[[1]])
      }
      S <- inverse[[key]]$S
      logdet <- logdet + inverse[[key]]$logdet
      A <- A + crossprod(block$X, S %*% block$X)
      b <- b + crossprod(block$X, S %*% block$y)
    }
    phi <- chol2inv(chol(A))
    beta <- drop(phi %*% b)
    quadratic <- sum(vapply(blocks, function(block) {
      r <- block$y - block$X %*% beta
      sum(r * (inverse[[paste(block$o, collapse = " ")]]$S %*% r))
    }, 0))
    value <- (length(y) - p) * log(2 * pi) + logdet + determinant(A)$modulus[[1]] + quadratic
    if (!derivatives) return(list(value = value))
    gradient <- numeric(m)
    H <- matrix(0, m, m)
    P <- rep(list(matrix(0, p, p)), m)
    xu <- matrix(0, p, m)
    for (block in blocks) {
      S <- inverse[[paste(block$o, collapse = " ")]]$S
      g <- lapply(G, function(one) one[block$o, block$o, drop = FALSE])
      used <- which(vapply(g, function(one) any(one != 0), TRUE))
      u <- drop(S %*% (block$y - block$X %*% beta))
      C <- block$X %*% phi %*% t(block$X)
      Sg <- lapply(g, function(one) S %*% one)
      gu <- vapply(g, function(one) drop(one %*% u), numeric(length(u)))
      gu <- matrix(gu, length(u))
      for (i in used) {
        M <- Sg[[i]] %*% S
        P[[i]] <- P[[i]] + crossprod(block$X, M %*% block$X)
        gradient[i] <- gradient[i] + sum(diag(Sg[[i]])) - sum(C * M) - sum(u * gu[, i])
        xu[, i] <- xu[, i] + crossprod(block$X, S %*% gu[, i])
        for (j in used[used <= i]) {
          h <- -sum(Sg[[i]] * t(Sg[[j]])) + 2 * sum(C * (M %*% g[[j]] %*% S)) + 2 * sum(gu[, i] * (S %*% gu[, j]))
          H[i, j] <- H[i, j] + h
        }
      }
    }
    PF <- lapply(P, function(one) one %*% phi)
    for (i in seq_len(m)) for (j in seq_len(i)) {
      H[i, j] <- H[i, j] - sum(PF[[i]] * t(PF[[j]])) - 2 * sum(xu[, i] * (phi %*% xu[, j]))
    }
    H[upper.tri(H)] <- t(H)[upper.tri(H)]
    list(value = value, gradient = gradient, H = H, V = V, phi = phi, beta = beta, P = P, inverse = inverse)
  }
  data <- data.frame(y = y, visit = visit, subject = subject)
  data$X <- X
  start <- nlme::gls(y ~ X - 1,
    data = data, method = "REML", correlation = nlme::corSymm(form = ~ visit | subject),
    weights = nlme::varIdent(form = ~ 1 | visit), control = nlme::glsControl(msMaxIter = 500, maxIter = 500)
  )
  V <- matrix(NA_real_, k, k)
  for (one in names(rows)) {
    o <- sort(visit[rows[[one]]])
    if (anyNA(V[o, o])) V[o, o] <- nlme::getVarCov(start, individual = one)
  }
  theta <- V[pairs]
  for (step in 1:50) {
    here <- at(theta)
    move <- -solve(here$H, here$gradient)
    if (min(eigen(here$H, TRUE, TRUE)$values) <= 0) stop("the optimum was not reached")
    share <- 1
    while (at(theta + share * move, FALSE)$value > here$value + 1e-9) share <- share / 2
    theta <- theta + share * move
    if (max(abs(move)) < 1e-10 * max(abs(theta))) break
  }
  c(at(theta), list(m = m, blocks = blocks, G = G))
}

# Contrasts with Satterthwaite's degrees of freedom, or with the standard errors of Kenward and Roger.
contrast <- function(fit, l, kenward_roger = FALSE) {
  W <- 2 * solve(fit$H)
  phi <- fit$phi
  v <- drop(l %*% phi %*% l)
  g <- vapply(fit$P, function(one) drop(l %*% phi %*% one %*% phi %*% l), 0)
  df <- 2 * v^2 / drop(g %*% W %*% g)
  if (kenward_roger) v <- v + 2 * drop(l %*% phi %*% fit$inner %*% phi %*% l)
  list(value = sum(l * fit$beta), se = sqrt(v), df = df)
}

# Sum over i, j of W_ij (Q_ij - P_i Phi P_j).
kenward_roger <- function(fit) {
  W <- 2 * solve(fit$H)
  inner <- 0 * fit$phi
  for (i in seq_len(fit$m)) for (j in seq_len(fit$m)) inner <- inner - W[i, j] * fit$P[[i]] %*% fit$phi %*% fit$P[[j]]
  for (block in fit$blocks) {
    S <- fit$inverse[[paste(block$o, collapse = " ")]]$S
    g <- lapply(fit$G, function(one) one[block$o, block$o, drop = FALSE])
    sum_ij <- 0 * S
    for (i in seq_len(fit$m)) {
      weighted <- Reduce(`+`, Map(`*`, W[i, ], g))
      sum_ij <- sum_ij + S %*% g[[i]] %*% S %*% weighted %*% S
    }
    inner <- inner + crossprod(block$X, sum_ij %*% block$X)
  }
  inner
}

METHODS$mmrm <- function(chosen, add) {
  o <- chosen$options
  if (!identical(o$structure %||% "us", "us") || !identical(o$errors %||% "model", "model")) stop("only the unstructured matrix with errors of the model is programmed in R")
  kr <- identical(o$df, "kenward-roger")
  level <- o$level %||% 0.95
  name <- chosen$spec$variable %||% "CHG"
  baseline <- if ("baseline" %in% names(o)) o$baseline else "BASE"
  covariates <- unlist(o$covariates)
  visits <- unlist(o$visits)
  axis <- o$visit %||% "AVISIT"
  call <- "nlme::gls, Newton steps to the optimum"
  satterthwaite <- "Satterthwaite, own program"
  each_model(chosen, function(arms) {
    entered <- enter_model(arms, name, baseline, covariates, "no post-baseline value")
    frame <- entered$frame
    frame$.visit <- frame[[axis]]
    seen <- visits[visits %in% frame$.visit]
    design <- lay_out(frame, names(arms), seen, baseline, covariates, if (isFALSE(o$baseline_by_visit)) NULL else baseline, o$at)
    fit <- reml(frame$.y, design$X, match(frame$.visit, seen), frame$USUBJID, seen)
    fit$inner <- kenward_roger(fit)
    whole <- c(arms[[1]]$place, variable = name)
    if (length(arms) > 1) whole$l1 <- NULL
    number <- 2 + length(unlist(chosen$spec$by))
    for (arm in names(arms)) account(add, c(arms[[arm]]$place, variable = name), entered$said[[arm]])
    for (i in seq_along(seen)) for (j in seq_len(i)) {
      add(c(whole, level = paste(seen[j], seen[i], sep = ", ")), c(sigma = fit$V[i, j]), call, "iterative")
    }
    add(whole, c(structure = fit$m, errors = 0, earlier = 0, converged = 1, parameters = fit$m), "unstructured")
    add(whole, c(subjects = length(fit$blocks), observations = nrow(frame)), "nrow")
    add(whole, c(
      neg2_reml = fit$value, aic = fit$value + 2 * fit$m, bic = fit$value + log(length(fit$blocks)) * fit$m
    ), call, "iterative")
    for (covariate in names(design$centres)) {
      add(c(whole, level = covariate), c(centre = design$centres[[covariate]]), "mean over subjects")
    }
    for (column in unlist(design$terms)) {
      l <- as.numeric(seq_len(ncol(design$X)) == column)
      found <- contrast(fit, l, kr)
      add(c(whole, level = colnames(design$X)[column]), judged(ESTIMATE, found$value, found$se, found$df, level), c(call, call, satterthwaite, rep(call, 4)), "iterative")
    }
    shift <- vapply(names(design$centres), function(c) mean(frame[[c]]) - design$centres[[c]], 0)
    other <- if (kr) "Satterthwaite (R mmrm default)" else "Kenward-Roger (SAS ddfm=kr)"
    for (arm in names(arms)) for (visit in visits) {
      place <- c(arms[[arm]]$place, variable = name)
      place[[paste0("g", number)]] <- axis
      place[[paste0("l", number)]] <- visit
      account(add, place, entered$said[[arm]])
      n <- sum(frame$.arm == arm & frame$.visit == visit)
      add(place, c(n = n, n_missing = entered$said[[arm]]$N - n), "nrow")
      if (!design$live(arm, visit)) {
        add(place, setNames(rep(NA, 7), MEAN), "no value at this visit")
        next
      }
      say <- function(l, names, kr, ...) {
        found <- contrast(fit, l, kr)
        values <- judged(MEAN, found$value, found$se, found$df, level)
        add(place, values[names], ifelse(names == "df", satterthwaite, call), "iterative", ...)
      }
      l <- design$mean_of(arm, visit)
      say(l, MEAN, kr)
      say(l, setdiff(MEAN, c("lsmean", "df")), !kr, context = other)
      if (any(abs(shift) > 1e-12)) {
        say(design$mean_of(arm, visit, shift), MEAN, kr, context = "covariates at their mean over records (SAS lsmeans, R emmeans default)")
      }
      if (length(arms) > 1 && arm != o$reference) {
        values <- setNames(rep(NA, 7), DIFF)
        if (design$live(o$reference, visit)) {
          found <- contrast(fit, l - design$mean_of(o$reference, visit), kr)
          values <- judged(DIFF, found$value, found$se, found$df, level)
        }
        add(c(place, level = o$reference), values, call, "iterative")
      }
    }
  })
}

METHODS$ancova <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  name <- chosen$spec$variable %||% "CHG"
  baseline <- if ("baseline" %in% names(o)) o$baseline else "BASE"
  covariates <- unlist(o$covariates)
  each_model(chosen, function(arms) {
    entered <- enter_model(arms, name, baseline, covariates, "no value")
    frame <- entered$frame
    one_row_each(frame)
    frame$.visit <- rep("", nrow(frame))
    design <- lay_out(frame, names(arms), "", baseline, covariates, NULL, o$at)
    X <- design$X
    fit <- lm(frame$.y ~ X - 1)
    cov <- vcov(fit)
    df <- fit$df.residual
    say <- function(place, names, l) {
      add(place, judged(names, sum(l * coef(fit)), sqrt(drop(l %*% cov %*% l)), df, level), "lm")
    }
    for (arm in names(arms)) {
      place <- c(arms[[arm]]$place, variable = name)
      account(add, place, entered$said[[arm]])
      add(place, c(n = sum(frame$.arm == arm)), "nrow")
      if (design$live(arm)) say(place, MEAN, design$mean_of(arm, "")) else add(place, setNames(rep(NA, 7), MEAN), "no value")
      if (length(arms) > 1 && arm != o$reference) {
        if (design$live(arm) && design$live(o$reference)) {
          say(c(place, level = o$reference), DIFF, design$mean_of(arm, "") - design$mean_of(o$reference, ""))
        } else {
          add(c(place, level = o$reference), setNames(rep(NA, 7), DIFF), "no value")
        }
      }
    }
    whole <- c(arms[[1]]$place, variable = name)
    if (length(arms) > 1) whole$l1 <- NULL
    eye <- diag(ncol(X))
    tests <- lapply(design$terms, function(columns) eye[columns, , drop = FALSE])
    if (length(arms) > 1) {
      cells <- design$cells
      tests <- c(list(arm = eye[cells[-1], , drop = FALSE] - eye[rep(cells[1], length(cells) - 1), , drop = FALSE]), tests)
    }
    for (term in names(tests)) {
      L <- tests[[term]]
      b <- L %*% coef(fit)
      f <- drop(t(b) %*% solve(L %*% cov %*% t(L), b)) / nrow(L)
      add(c(whole, level = term), c(f = f, f_df1 = nrow(L), f_df2 = df, f_p = pf(f, nrow(L), df, lower.tail = FALSE)), "lm, Wald F")
    }
    add(whole, c(root_mse = summary(fit)$sigma), "lm")
    for (covariate in names(design$centres)) add(c(whole, level = covariate), c(centre = design$centres[[covariate]]), "mean")
    for (column in unlist(design$terms)) say(c(whole, level = colnames(X)[column]), ESTIMATE, eye[column, ])
  })
}
