namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>One protocol over which a model is asked the same question again and again.</summary>
internal interface IOverloadDoor
{
    /// <summary>Asks once.</summary>
    /// <param name="deadline">Until when the answer must be there, from now; null for any time.</param>
    /// <returns>How it ended, and the status.</returns>
    Task<(OverloadEnd End, string Status)> AskAsync(TimeSpan? deadline);
}
