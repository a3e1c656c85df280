namespace InferenceServer.Core.Telemetry;

/// <summary>The counters of the responses with one number.</summary>
internal sealed class ResponseCounters
{
    private readonly DurationCounter _infer = new();
    private readonly DurationCounter _output = new();
    private readonly DurationCounter _success = new();
    private readonly DurationCounter _fail = new();
    private readonly DurationCounter _empty = new();
    private readonly DurationCounter _cancel = new();

    /// <param name="infer">Making the response.</param>
    /// <param name="output">Cutting out its outputs.</param>
    public void RecordSuccess(TimeSpan infer, TimeSpan output)
    {
        _infer.Add(infer);
        _output.Add(output);
        _success.Add(infer + output);
    }

    public void RecordFailure(TimeSpan infer)
    {
        _infer.Add(infer);
        _output.Add(TimeSpan.Zero);
        _fail.Add(infer);
    }

    public void RecordEmpty(TimeSpan infer)
    {
        _infer.Add(infer);
        _empty.Add(infer);
    }

    public void RecordCancel(TimeSpan infer) => _cancel.Add(infer);

    public ResponseReport MakeReport() => new(_infer.Current, _output.Current, _success.Current, _fail.Current, _empty.Current, _cancel.Current);
}
