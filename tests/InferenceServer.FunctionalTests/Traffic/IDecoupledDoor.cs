namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>One way of asking models that answer any number of times.</summary>
internal interface IDecoupledDoor
{
    /// <summary>True when a response tells that it is the last.</summary>
    bool TellsFinal { get; }

    /// <summary>Asks several questions at once.</summary>
    /// <param name="items">The questions.</param>
    /// <param name="leavesAfter">After how many responses the client leaves; null when it stays.</param>
    /// <param name="cancellationToken">Ends the test.</param>
    /// <returns>The answers, in the order of the questions.</returns>
    Task<DecoupledAnswer[]> AskAsync(DecoupledItem[] items, int? leavesAfter, CancellationToken cancellationToken);
}
