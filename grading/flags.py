"""What a mark is flagged with, for the teacher who looks at it."""

#: The words of the answer speak to whoever marks it.
ADDRESS = "address"
#: … and the mark would be another one with them.
DEPENDS_ON_ADDRESS = "mark_depends_on_address"
GRADERS_DISAGREE = "graders_disagree"
#: Of several graders fewer than two could be used.
FEW_GRADERS = "few_graders"
#: Why a grader's opinion does not count.
GRADER_FAILED = "grader_failed"
QUOTE_REFUSED = "quote_refused"
OUT_OF_RANGE = "out_of_range"
#: The recogniser was unsure of words that the mark rests on.
LOW_CONFIDENCE = "low_confidence"
#: A teacher has corrected the transcript of this answer.
CORRECTED = "corrected_transcript"
PROVISIONAL = "provisional"
#: There is no mark, and a person has to look.
NEEDS_REVIEW = "needs_review"
#: The exam was over before the question was asked.
NOT_REACHED = "not_reached"

#: Set in the exam: what failed was ours, or the student was not understood. No 0 comes of it.
TECHNICAL = frozenset({"recogniser_failed", "voice_failed", "records_failed", "sound_lost"})
NOT_UNDERSTOOD = frozenset({"other_language", "unclear"})
#: Set in the exam: the student gave orders to the examiner.
STEER = "steer"
