"""Wrong versions of active_units."""

from autograder.versions import misconception


@misconception("You look at the mean square, not at the variance: a coordinate that is 5 for every image carries no information.", see="active-units")
def mean_square(mu, threshold=0.01):
    return int((mu.square().mean(0) > threshold).sum())


@misconception("You compare the standard deviation with the threshold; it is meant for the variance.", see="active-units")
def standard_deviation(mu, threshold=0.01):
    return int((mu.std(0) > threshold).sum())


@misconception("The variance runs over the coordinates of one image; it has to run over the images.", see="active-units")
def over_coordinates(mu, threshold=0.01):
    return int((mu.var(1, correction=0) > threshold).sum())


@misconception("You count the dead coordinates, those below the threshold.", see="active-units")
def dead_units(mu, threshold=0.01):
    return int((mu.var(0, correction=0) < threshold).sum())


@misconception("The threshold is fixed at 0.01; use the argument.", see="active-units")
def threshold_ignored(mu, threshold=0.01):
    return int((mu.var(0, correction=0) > 0.01).sum())


@misconception("You return the fraction of coordinates; their number is asked for.", see="active-units")
def fraction(mu, threshold=0.01):
    return float((mu.var(0, correction=0) > threshold).float().mean())


@misconception("You compare the size of the mean over the data with the threshold; a coordinate is active when it varies.", see="active-units")
def size_of_mean(mu, threshold=0.01):
    return int((mu.mean(0).abs() > threshold).sum())


@misconception("You count entries of mu whose deviation is large, not coordinates.", see="active-units")
def entries_counted(mu, threshold=0.01):
    return int(((mu - mu.mean(0)).square() > threshold).sum())


@misconception("A boolean per coordinate comes back; how many there are is asked for.", see="active-units")
def not_counted(mu, threshold=0.01):
    return mu.var(0, correction=0) > threshold
