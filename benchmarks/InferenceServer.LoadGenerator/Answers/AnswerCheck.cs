namespace InferenceServer.LoadGenerator.Answers;

/// <summary>How far an answer could be judged.</summary>
internal enum AnswerCheck
{
    /// <summary>Names, types, shapes and sizes are right; what the values should be is not known.</summary>
    Form,

    /// <summary>The values are right too.</summary>
    Values,
}
