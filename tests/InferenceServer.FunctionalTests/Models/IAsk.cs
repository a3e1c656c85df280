namespace InferenceServer.FunctionalTests.Models;

/// <summary>One way of asking a model: an encoding over a protocol. Every way must give the same answers.</summary>
internal interface IAsk
{
    Task<Answer> AskAsync(Question question, CancellationToken cancellationToken);
}
