package survey

// Kind says what a candidate is.
type Kind string

const (
	New     Kind = "new"     // 新增: nothing stood there
	Raised  Kind = "raised"  // 加层: on what stood there
	Removed Kind = "removed" // 拆除: it is told for what has to go, and accuses nobody
	Look    Kind = "look"    // 待看: the picture looks different; nothing says that it is a building
)

// Kinds lists all kinds.
var Kinds = []Kind{New, Raised, Removed, Look}
