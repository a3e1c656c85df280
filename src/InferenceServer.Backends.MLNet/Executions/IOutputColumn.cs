using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>Writes the values of one output, row by row.</summary>
internal interface IOutputColumn
{
    /// <summary>Begins with an execution.</summary>
    void Begin();

    /// <summary>Computes and keeps the value of the row that is looked at.</summary>
    void Read();

    /// <summary>Every row has been read.</summary>
    void Finish(ExecutionBatch batch);
}
