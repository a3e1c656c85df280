using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>The sequences of one caller, one after another, on one model or the other: each step is to be answered with the sum of all so far.</summary>
/// <param name="caller">The caller's number.</param>
/// <param name="callers">How many there are.</param>
internal sealed class TrafficSequence(int caller, int callers)
{
    private string _model = "";
    private long _id = caller + 1;
    private double _total;
    private int _left;

    /// <summary>The next step.</summary>
    public TrafficItem Next(Random random, int number)
    {
        var isStart = _left == 0;
        if (isStart)
        {
            // Another id each time: what a client sent before it left may come after what it sends then.
            _id += callers;
            _left = random.Next(1, 9);
            _model = random.Next(2) == 0 ? TrafficRepository.Rowed : TrafficRepository.Mingled;
            _total = 0;
        }

        _left--;
        var question = new Question(_model, QuestionInput.Floats("IN", [1, 1], [number]));
        question.Parameters["sequence_id"] = _id;
        if (isStart)
        {
            question.Flags.Add("sequence_start");
        }

        if (_left == 0)
        {
            question.Flags.Add("sequence_end");
        }

        // On a machine that stalls a sequence may have been idle for too long.
        return new TrafficItem(question, 1, [new AnswerOutput("TOTAL", "FP32", [1, 1], [_total + number], [])], isStart ? null : "must specify the START flag");
    }

    /// <summary>What became of a step. Without its answer there is no sequence any more.</summary>
    public void Settle(TrafficItem item, Answer? answer)
    {
        _total = item.Expected[0].Numbers[0];
        _left = answer is { Status: "" } ? _left : 0;
    }
}
