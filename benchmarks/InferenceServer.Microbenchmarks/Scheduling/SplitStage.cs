using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>The outputs of one execution, cut into answers, and the answers given back. The lease that each request hands on is made anew each time.</summary>
internal sealed class SplitStage : IStage, IDisposable
{
    private readonly StagedModel _model = new();
    private readonly LaneArrays _arrays = new();
    private readonly PendingInference[] _members;
    private readonly LaneBatch _batch;

    public SplitStage(int members)
    {
        _members = [.. Enumerable.Range(0, members).Select(_ => _model.Pending())];
        _batch = _model.Assembler.Assemble(_members, null, _arrays);
        _batch.AllocateOutput(0, _batch.Inputs[0].Shape, _batch.Inputs[0].Length);
    }

    public void Run()
    {
        var responses = _model.Splitter.Split(_batch, _members, _arrays);
        for (var i = 0; i < _members.Length; i++)
        {
            responses[i]!.Dispose();
            _members[i].Request.ReplaceLease(_model.Lease());
        }

        _arrays.ForgetResponses(_members.Length);
    }

    public void Dispose()
    {
        _batch.Dispose();
        Array.ForEach(_members, static member => member.Request.Dispose());
        _model.Dispose();
    }
}
